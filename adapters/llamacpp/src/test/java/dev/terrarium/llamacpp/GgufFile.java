package dev.terrarium.llamacpp;

import static dev.terrarium.llamacpp.GgufHeader.ARRAY;
import static dev.terrarium.llamacpp.GgufHeader.BOOL;
import static dev.terrarium.llamacpp.GgufHeader.FLOAT32;
import static dev.terrarium.llamacpp.GgufHeader.INT32;
import static dev.terrarium.llamacpp.GgufHeader.STRING;
import static dev.terrarium.llamacpp.GgufHeader.UINT32;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A GGUF file in the making: a sound header of a tiny model, in which a test changes one thing. For
 * the check of headers alone, never to be loaded. Not thread-safe.
 */
@SuppressWarnings({"ArrayRecordComponent", "ByteBufferBackingArray"}) // nobody else sees them
final class GgufFile {

  static final int TOKENS = 260;

  private static final int F32 = 0;

  private record Value(int type, byte[] bytes) {}

  private record Tensor(String name, long[] shape, int type, long offset) {}

  private final Map<String, Value> values = new LinkedHashMap<>();
  private final List<Tensor> tensors = new ArrayList<>();
  private long size;

  /** Two layers of four heads, 64 numbers wide, and a vocabulary with all bytes. */
  GgufFile() {
    text("general.architecture", "llama");
    uint("general.alignment", 32);
    uint("general.file_type", 0);
    uint("llama.context_length", 128);
    uint("llama.embedding_length", 64);
    uint("llama.block_count", 2);
    uint("llama.feed_forward_length", 96);
    uint("llama.attention.head_count", 4);
    uint("llama.attention.head_count_kv", 2);
    uint("llama.rope.dimension_count", 16);
    real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    real("llama.rope.freq_base", 10_000f);
    text("llama.rope.scaling.type", "linear");
    real("llama.rope.scaling.factor", 1f);
    text("tokenizer.ggml.model", "llama");
    tokens(soundTokens());
    reals("tokenizer.ggml.scores", TOKENS);
    ints("tokenizer.ggml.token_type", Collections.nCopies(TOKENS, 1));
    uint("tokenizer.ggml.bos_token_id", 1);
    uint("tokenizer.ggml.eos_token_id", 2);
    bool("tokenizer.ggml.add_bos_token", true);
    tensor("token_embd.weight", F32, 64, TOKENS);
    tensor("blk.0.attn_norm.weight", F32, 64);
    tensor("blk.1.attn_norm.weight", F32, 64);
    tensor("output_norm.weight", F32, 64);
  }

  static List<String> soundTokens() {
    Stream<String> bytes = IntStream.range(0, 256).mapToObj("<0x%02X>"::formatted);
    return Stream.concat(Stream.of("<unk>", "<s>", "</s>", "bee"), bytes).toList();
  }

  GgufFile without(String key) {
    values.remove(key);
    return this;
  }

  GgufFile uint(String key, long value) {
    return put(key, UINT32, bytes(4).putInt((int) value));
  }

  /** An integer of another type. */
  GgufFile integer(String key, int type, int width, long value) {
    ByteBuffer bytes = bytes(width);
    return put(key, type, width == 2 ? bytes.putShort((short) value) : bytes.putLong(value));
  }

  GgufFile real(String key, float value) {
    return put(key, FLOAT32, bytes(4).putFloat(value));
  }

  GgufFile bool(String key, boolean value) {
    return put(key, BOOL, bytes(1).put((byte) (value ? 1 : 0)));
  }

  GgufFile text(String key, String value) {
    byte[] utf8 = value.getBytes(UTF_8);
    return put(key, STRING, bytes(8 + utf8.length).putLong(utf8.length).put(utf8));
  }

  GgufFile tokens(List<String> tokens) {
    return texts("tokenizer.ggml.tokens", tokens);
  }

  GgufFile texts(String key, List<String> texts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String text : texts) {
      byte[] utf8 = text.getBytes(UTF_8);
      all.writeBytes(bytes(8).putLong(utf8.length).array());
      all.writeBytes(utf8);
    }
    return list(key, STRING, texts.size(), all.toByteArray());
  }

  GgufFile ints(String key, List<Integer> ints) {
    ByteBuffer all = bytes(4 * ints.size());
    ints.forEach(all::putInt);
    return list(key, INT32, ints.size(), all.array());
  }

  /** So many zeros. */
  GgufFile reals(String key, int count) {
    return list(key, FLOAT32, count, new byte[4 * count]);
  }

  private GgufFile list(String key, int type, long count, byte[] content) {
    return put(key, ARRAY, bytes(12 + content.length).putInt(type).putLong(count).put(content));
  }

  private GgufFile put(String key, int type, ByteBuffer value) {
    values.put(key, new Value(type, value.array()));
    return this;
  }

  /** A tensor behind the others. */
  GgufFile tensor(String name, int type, long... shape) {
    return tensorAt(size, name, type, shape);
  }

  GgufFile tensorAt(long offset, String name, int type, long... shape) {
    tensors.removeIf(tensor -> tensor.name().equals(name));
    tensors.add(new Tensor(name, shape, type, offset));
    long elements = 1;
    for (long extent : shape) {
      elements *= Math.max(1, extent);
    }
    size = Math.max(size, (offset + 4 * elements + 31) / 32 * 32);
    return this;
  }

  /** The tensors of one name once more. */
  GgufFile again(String name) {
    tensors.add(new Tensor(name, new long[] {64}, F32, size));
    size += 256;
    return this;
  }

  Path write(Path file) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(UTF_8));
    out.writeBytes(bytes(20).putInt(3).putLong(tensors.size()).putLong(values.size()).array());
    values.forEach(
        (key, value) -> {
          out.writeBytes(bytes(8).putLong(key.length()).array());
          out.writeBytes(key.getBytes(UTF_8));
          out.writeBytes(bytes(4).putInt(value.type()).array());
          out.writeBytes(value.bytes());
        });
    for (Tensor tensor : tensors) {
      out.writeBytes(bytes(8).putLong(tensor.name().length()).array());
      out.writeBytes(tensor.name().getBytes(UTF_8));
      out.writeBytes(bytes(4).putInt(tensor.shape().length).array());
      for (long extent : tensor.shape()) {
        out.writeBytes(bytes(8).putLong(extent).array());
      }
      out.writeBytes(bytes(12).putInt(tensor.type()).putLong(tensor.offset()).array());
    }
    out.writeBytes(new byte[(int) ((32 - out.size() % 32) % 32 + size)]);
    return Files.write(file, out.toByteArray());
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
  }
}
