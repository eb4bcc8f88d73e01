package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a GGUF file says of itself: read before llama.cpp sees the file, so that a file which is
 * none, or not all there, is refused in plain words.
 *
 * @param version of the format
 * @param tensors how many there are
 * @param values single values by key; lists, such as the vocabulary, are left out
 * @param end where the last tensor's data ends, in bytes; 0 when a tensor's type is not known
 */
record GgufHeader(int version, long tensors, Map<String, Object> values, long end) {

  private static final int MAGIC = 0x46554747;
  private static final int OLDEST_VERSION = 2;
  private static final int NEWEST_VERSION = 3;
  private static final int DEFAULT_ALIGNMENT = 32;
  private static final int MOST_DIMENSIONS = 4;
  private static final long HEADER_LIMIT = 1L << 30;
  private static final int LOOK = 64;

  /** Elements and bytes of a block, by {@code ggml_type}. */
  private static final Map<Integer, int[]> BLOCKS =
      Map.ofEntries(
          Map.entry(0, new int[] {1, 4}),
          Map.entry(1, new int[] {1, 2}),
          Map.entry(2, new int[] {32, 18}),
          Map.entry(3, new int[] {32, 20}),
          Map.entry(6, new int[] {32, 22}),
          Map.entry(7, new int[] {32, 24}),
          Map.entry(8, new int[] {32, 34}),
          Map.entry(10, new int[] {256, 84}),
          Map.entry(11, new int[] {256, 110}),
          Map.entry(12, new int[] {256, 144}),
          Map.entry(13, new int[] {256, 176}),
          Map.entry(14, new int[] {256, 210}),
          Map.entry(16, new int[] {256, 66}),
          Map.entry(17, new int[] {256, 74}),
          Map.entry(18, new int[] {256, 98}),
          Map.entry(19, new int[] {256, 50}),
          Map.entry(20, new int[] {32, 18}),
          Map.entry(21, new int[] {256, 110}),
          Map.entry(22, new int[] {256, 82}),
          Map.entry(23, new int[] {256, 136}),
          Map.entry(24, new int[] {1, 1}),
          Map.entry(25, new int[] {1, 2}),
          Map.entry(26, new int[] {1, 4}),
          Map.entry(27, new int[] {1, 8}),
          Map.entry(28, new int[] {1, 8}),
          Map.entry(29, new int[] {256, 56}),
          Map.entry(30, new int[] {1, 2}));

  /** What other files begin with, and what to say of them. */
  private static final Map<String, String> FOREIGN =
      Map.of(
          "version https://git-lfs", "is a Git LFS pointer and not the model: run git lfs pull",
          "PK\3\4", "is a zip archive: unpack it",
          "\37\213", "is compressed by gzip: unpack it",
          "<!DOCTYPE", "is a web page: the download went wrong",
          "<html", "is a web page: the download went wrong",
          "ggml", "is in a format older than GGUF",
          "ggjt", "is in a format older than GGUF",
          "\u0080\2", "looks like a PyTorch model: convert it to GGUF",
          "{", "is JSON text: a model's configuration or an error message");

  /**
   * Reads and checks a file.
   *
   * @throws ModelException when it is missing, unreadable, empty, of another kind or not whole
   */
  static GgufHeader read(Path file) {
    if (!Files.exists(file)) {
      throw new ModelException("There is no model file " + file.toAbsolutePath() + ".");
    }
    if (Files.isDirectory(file)) {
      throw new ModelException("The model file " + file + " is a folder; name a .gguf file in it.");
    }
    if (!Files.isReadable(file)) {
      throw new ModelException("The model file " + file + " cannot be read: permission denied.");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      if (size == 0) {
        throw new ModelException("The model file " + file + " is empty.");
      }
      ByteBuffer bytes =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(size, HEADER_LIMIT));
      bytes.order(ByteOrder.LITTLE_ENDIAN);
      checkKind(file, bytes);
      return read(file, bytes, size);
    } catch (IOException e) {
      throw new ModelException("The model file " + file + " cannot be read: " + e, e);
    }
  }

  private static GgufHeader read(Path file, ByteBuffer bytes, long size) {
    GgufHeader header;
    try {
      header = new Reader(bytes).header();
    } catch (BufferUnderflowException e) {
      throw new ModelException(
          "The model file "
              + file
              + " is cut off: it ends after "
              + size
              + " bytes, within its header. Fetch it again.",
          e);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ModelException(
          "The model file " + file + " is damaged: " + e.getMessage() + ". Fetch it again.", e);
    }
    if (header.end > size) {
      throw new ModelException(
          "The model file "
              + file
              + " is cut off: it has "
              + size
              + " bytes of "
              + header.end
              + ". Fetch it again.");
    }
    return header;
  }

  private static void checkKind(Path file, ByteBuffer bytes) {
    if (bytes.remaining() >= Integer.BYTES && bytes.getInt(0) == MAGIC) {
      return;
    }
    byte[] first = new byte[Math.min(bytes.remaining(), LOOK)];
    bytes.get(0, first);
    String start = new String(first, StandardCharsets.ISO_8859_1);
    String what =
        FOREIGN.entrySet().stream()
            .filter(entry -> start.startsWith(entry.getKey()))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse("does not begin with the mark GGUF");
    throw new ModelException("The file " + file + " is no GGUF model: it " + what + ".");
  }

  /** The model's kind, such as {@code llama}. */
  @Nullable String architecture() {
    return values.get("general.architecture") instanceof String text ? text : null;
  }

  /** Walks over the header's bytes. What is not there yet underflows. */
  private static final class Reader {
    private final ByteBuffer in;

    Reader(ByteBuffer in) {
      this.in = in;
    }

    GgufHeader header() {
      in.getInt();
      int version = in.getInt();
      if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
        throw new IllegalArgumentException(
            "its GGUF version is "
                + version
                + ", and those from "
                + OLDEST_VERSION
                + " to "
                + NEWEST_VERSION
                + " can be read");
      }
      long tensors = in.getLong();
      long keys = in.getLong();
      if (tensors < 0 || keys < 0) {
        throw new IllegalArgumentException("its header counts are below 0");
      }
      Map<String, Object> values = new HashMap<>();
      for (long i = 0; i < keys; i++) {
        String key = text();
        Object value = value(in.getInt());
        if (value != null) {
          values.put(key, value);
        }
      }
      long end = tensorsEnd(tensors);
      long alignment =
          values.get("general.alignment") instanceof Integer given ? given : DEFAULT_ALIGNMENT;
      if (alignment <= 0) {
        throw new IllegalArgumentException("its alignment is " + alignment);
      }
      long start = (in.position() + alignment - 1) / alignment * alignment;
      return new GgufHeader(version, tensors, Map.copyOf(values), end == 0 ? 0 : start + end);
    }

    private @Nullable Object value(int type) {
      return switch (type) {
        case 0, 1, 7 -> in.get();
        case 2, 3 -> in.getShort();
        case 4, 5 -> in.getInt();
        case 6 -> in.getFloat();
        case 8 -> text();
        case 9 -> skipList();
        case 10, 11 -> in.getLong();
        case 12 -> in.getDouble();
        default -> throw new IllegalArgumentException("a value has the unknown type " + type);
      };
    }

    private @Nullable Object skipList() {
      int type = in.getInt();
      long count = in.getLong();
      if (count < 0) {
        throw new IllegalArgumentException("a list's length is below 0");
      }
      int width =
          switch (type) {
            case 0, 1, 7 -> 1;
            case 2, 3 -> 2;
            case 4, 5, 6 -> 4;
            case 10, 11, 12 -> 8;
            default -> 0;
          };
      if (width > 0) {
        skip(Math.multiplyExact(count, (long) width));
      } else {
        for (long i = 0; i < count; i++) {
          if (type == 8) {
            skip(in.getLong());
          } else {
            value(type);
          }
        }
      }
      return null;
    }

    /** Where the last tensor ends, counted from the begin of the data; 0 when that is not known. */
    private long tensorsEnd(long tensors) {
      long end = 0;
      boolean known = true;
      for (long i = 0; i < tensors; i++) {
        skip(in.getLong());
        int dimensions = in.getInt();
        if (dimensions < 0 || dimensions > MOST_DIMENSIONS) {
          throw new IllegalArgumentException("a tensor has " + dimensions + " dimensions");
        }
        long elements = 1;
        for (int d = 0; d < dimensions; d++) {
          elements = Math.multiplyExact(elements, in.getLong());
        }
        int[] block = BLOCKS.get(in.getInt());
        long offset = in.getLong();
        if (block == null) {
          known = false;
        } else {
          end = Math.max(end, offset + elements / block[0] * block[1]);
        }
      }
      return known ? end : 0;
    }

    private String text() {
      long length = in.getLong();
      if (length < 0 || length > in.remaining()) {
        throw new BufferUnderflowException();
      }
      byte[] bytes = new byte[(int) length];
      in.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }

    private void skip(long bytes) {
      if (bytes < 0 || bytes > in.remaining()) {
        throw new BufferUnderflowException();
      }
      in.position(in.position() + (int) bytes);
    }
  }
}
