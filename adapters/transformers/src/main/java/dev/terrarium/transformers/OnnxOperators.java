package dev.terrarium.transformers;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * The operators of an ONNX file, which is a message of Protocol Buffers. Of it only what leads to
 * the operators' names is read; weights are skipped. Stateless.
 */
final class OnnxOperators {

  /** The operators that quantize numbers by their range in the whole batch. */
  private static final Set<String> BY_RANGE =
      Set.of("DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM");

  private static final int GRAPH = 7; // of the model
  private static final int NODE = 1; // of a graph
  private static final int OPERATOR = 4; // of a node

  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED_32 = 5;

  private OnnxOperators() {}

  /**
   * Returns whether the model quantizes numbers while it computes.
   *
   * @throws IOException when the file cannot be read, or is no ONNX file
   */
  static boolean areQuantized(ModelFile file) throws IOException {
    try (InputStream in = new BufferedInputStream(file.open())) {
      return areQuantized(new DataInputStream(in), GRAPH, file.size());
    } catch (EOFException e) {
      throw new IOException("it is no ONNX file, or is cut off", e);
    }
  }

  /** Reads a message of a number of bytes, and of its fields the one that leads on. */
  private static boolean areQuantized(DataInputStream in, int wanted, long bytes)
      throws IOException {
    Counted counted = new Counted(in, bytes);
    while (counted.left > 0) {
      long tag = counted.varint();
      switch ((int) (tag & 7)) {
        case VARINT -> counted.varint();
        case FIXED_64 -> counted.skip(Long.BYTES);
        case FIXED_32 -> counted.skip(Integer.BYTES);
        case LENGTH -> {
          long length = counted.varint();
          if (length < 0 || length > counted.left) {
            throw new IOException("it is no ONNX file, or is cut off");
          }
          if (tag >>> 3 != wanted) {
            counted.skip(length);
          } else if (wanted == OPERATOR) {
            if (BY_RANGE.contains(counted.text(length))) {
              return true;
            }
          } else {
            counted.left -= length;
            if (areQuantized(in, wanted == GRAPH ? NODE : OPERATOR, length)) {
              return true;
            }
          }
        }
        default -> throw new IOException("it is no ONNX file");
      }
    }
    return false;
  }

  /** A part of a stream. */
  private static final class Counted {
    private final DataInputStream in;
    private long left;

    Counted(DataInputStream in, long left) {
      this.in = in;
      this.left = left;
    }

    long varint() throws IOException {
      long value = 0;
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        int next = in.readUnsignedByte();
        left--;
        value |= (next & 0x7FL) << shift;
        if (next < 0x80) {
          return value;
        }
      }
      throw new IOException("it is no ONNX file");
    }

    void skip(long bytes) throws IOException {
      in.skipNBytes(bytes);
      left -= bytes;
    }

    String text(long bytes) throws IOException {
      byte[] text = in.readNBytes(Math.toIntExact(bytes));
      left -= bytes;
      return new String(text, StandardCharsets.UTF_8);
    }
  }
}
