package dev.terrarium.internal.value;

import dev.terrarium.MessageFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

/** Plain data as one MessagePack message; see {@link MessageFormat}. Not thread-safe. */
final class MsgpackWriter {

  private final ValuePath steps;

  MsgpackWriter(ValuePath steps) {
    this.steps = steps;
  }

  byte[] write(@Nullable Object plain) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      value(packer, plain);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // there is no stream that could fail
    }
  }

  private void value(MessagePacker packer, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> packer.packNil();
      case String text -> packer.packString(steps.checked(text));
      case Boolean flag -> packer.packBoolean(flag);
      case Long number -> packer.packLong(number);
      case Double number -> packer.packDouble(number);
      case BigInteger number when number.signum() > 0 && number.bitLength() <= Long.SIZE ->
          packer.packBigInteger(number);
      case List<?> list -> list(packer, list);
      case Map<?, ?> map -> map(packer, map);
      case byte[] bytes -> packer.packBinaryHeader(bytes.length).writePayload(bytes);
      default -> tagged(packer, value);
    }
  }

  private void tagged(MessagePacker packer, Object value) throws IOException {
    NumberArray numbers = NumberArray.of(value);
    if (numbers != null) {
      extension(packer, numbers.extension(), numbers.toBytes(value));
      return;
    }
    Scalar scalar = Scalar.of(value);
    if (scalar == null || scalar.tag() == null) {
      throw steps.noPlainData(value);
    }
    extension(packer, scalar.extension(), steps.tagText(value).getBytes(StandardCharsets.UTF_8));
  }

  private static void extension(MessagePacker packer, byte type, byte[] payload)
      throws IOException {
    packer.packExtensionTypeHeader(type, payload.length).writePayload(payload);
  }

  private void list(MessagePacker packer, List<?> list) throws IOException {
    packer.packArrayHeader(list.size());
    steps.enter();
    int index = 0;
    for (Object item : list) {
      steps.at(index++);
      value(packer, item);
    }
    steps.leave();
  }

  private void map(MessagePacker packer, Map<?, ?> map) throws IOException {
    packer.packMapHeader(map.size());
    steps.enter();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      Object key = entry.getKey();
      steps.at(String.valueOf(key));
      value(packer, steps.checkedKey(key));
      value(packer, entry.getValue());
    }
    steps.leave();
  }
}
