package dev.terrarium.internal.value;

import dev.terrarium.MessageFormat;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.msgpack.core.ExtensionTypeHeader;
import org.msgpack.core.MessageInsufficientBufferException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageSizeException;
import org.msgpack.core.MessageUnpacker;

/** One MessagePack message as plain data; see {@link MessageFormat}. Not thread-safe. */
final class MsgpackReader {

  private final ValuePath steps;
  private final MessageUnpacker unpacker;

  MsgpackReader(byte[] message, ValuePath steps) {
    this.steps = steps;
    this.unpacker = MessagePack.newDefaultUnpacker(message);
  }

  @Nullable Object read() {
    try (unpacker) {
      Object value = value();
      if (unpacker.hasNext()) {
        throw steps.refuse("something follows the value" + place());
      }
      return value;
    } catch (MessageInsufficientBufferException e) {
      throw steps.refuse("the message ends within a value" + place(), e);
    } catch (MessagePackException | IOException e) {
      throw steps.refuse("no MessagePack" + place() + ": " + reason(e), e);
    }
  }

  private static String reason(Exception e) {
    return e instanceof MessageSizeException size && e.getMessage() == null
        ? "a length of " + size.getSize() + " is beyond 31 bits"
        : ValuePath.reason(e);
  }

  private String place() {
    return " at byte " + unpacker.getTotalReadBytes();
  }

  private @Nullable Object value() throws IOException {
    return switch (unpacker.getNextFormat().getValueType()) {
      case NIL -> {
        unpacker.unpackNil();
        yield null;
      }
      case BOOLEAN -> unpacker.unpackBoolean();
      case INTEGER -> integer();
      case FLOAT -> unpacker.unpackDouble();
      case STRING -> text(unpacker.readPayload(unpacker.unpackRawStringHeader()));
      case BINARY -> unpacker.readPayload(unpacker.unpackBinaryHeader());
      case ARRAY -> list();
      case MAP -> map();
      case EXTENSION -> extension();
    };
  }

  private Object integer() throws IOException {
    if (unpacker.getNextFormat() != org.msgpack.core.MessageFormat.UINT64) {
      return unpacker.unpackLong();
    }
    BigInteger number = unpacker.unpackBigInteger();
    return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
  }

  private String text(byte[] utf8) {
    String text = new String(utf8, StandardCharsets.UTF_8);
    if (text.indexOf('\ufffd') >= 0
        && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), utf8)) {
      throw steps.refuse("the text" + place() + " is not UTF-8");
    }
    return text;
  }

  private List<@Nullable Object> list() throws IOException {
    int size = unpacker.unpackArrayHeader(); // announced, not there: nothing is allocated for it
    List<@Nullable Object> list = new ArrayList<>();
    steps.enter();
    for (int i = 0; i < size; i++) {
      steps.at(i);
      list.add(value());
    }
    steps.leave();
    return list;
  }

  private Map<Object, @Nullable Object> map() throws IOException {
    int size = unpacker.unpackMapHeader();
    Map<Object, @Nullable Object> map = new LinkedHashMap<>();
    steps.enter();
    for (int i = 0; i < size; i++) {
      steps.at("<key>");
      Object key = steps.checkedKey(value());
      steps.at(key);
      map.put(key, value());
      if (map.size() == i) {
        throw steps.refuse("the key is there twice");
      }
    }
    steps.leave();
    return map;
  }

  private Object extension() throws IOException {
    ExtensionTypeHeader header = unpacker.unpackExtensionTypeHeader();
    byte type = header.getType();
    try {
      if (header.isTimestampType()) {
        return unpacker.unpackTimestamp(header).atOffset(ZoneOffset.UTC);
      }
      byte[] payload = unpacker.readPayload(header.getLength());
      Scalar scalar = Scalar.ofExtension(type);
      if (scalar != null) {
        return scalar.parse(text(payload));
      }
      for (NumberArray numbers : NumberArray.values()) {
        if (numbers.extension() == type) {
          return numbers.fromBytes(payload);
        }
      }
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw steps.refuse(
          "no value of extension type " + type + place() + ": " + ValuePath.reason(e), e);
    }
    throw steps.refuse("extension type " + type + place() + " has no meaning here");
  }
}
