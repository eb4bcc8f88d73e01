package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The header of a GGUF file. It is read before llama.cpp sees the file, so that a file of another
 * kind, a truncated file or one that contradicts itself is refused with a clear message, and not by
 * the end of the process. Immutable.
 *
 * @param version version of the format
 * @param entries the values by key
 * @param tensors the tensors, in the file's order
 * @param dataStart position at which the tensors' data begins, in bytes
 */
record GgufHeader(int version, Map<String, Entry> entries, List<Tensor> tensors, long dataStart) {

  static final int UINT8 = 0;
  static final int INT8 = 1;
  static final int UINT16 = 2;
  static final int INT16 = 3;
  static final int UINT32 = 4;
  static final int INT32 = 5;
  static final int FLOAT32 = 6;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;
  static final int UINT64 = 10;
  static final int INT64 = 11;
  static final int FLOAT64 = 12;

  private static final List<String> TYPE_NAMES =
      List.of(
          "UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32", "FLOAT32", "BOOL", "STRING",
          "ARRAY", "UINT64", "INT64", "FLOAT64");

  private static final String ALIGNMENT = "general.alignment";
  private static final String ARCHITECTURE = "general.architecture";
  private static final int MAGIC = 0x46554747;
  private static final int OLDEST_VERSION = 2;
  private static final int NEWEST_VERSION = 3;
  private static final int DEFAULT_ALIGNMENT = 32;
  private static final int MOST_DIMENSIONS = 4;
  private static final long HEADER_LIMIT = 1L << 30;
  private static final int LOOK = 64;

  /** The pattern of the name of the first of several files that form one model. */
  private static final Pattern FIRST_PART = Pattern.compile("(.*)-00001-of-(\\d{5}\\.gguf)");

  /**
   * A value of the header.
   *
   * @param type one of the constants
   * @param value a Long, Double, Boolean, String or {@link Values}
   */
  record Entry(int type, Object value) {}

  /**
   * A list of values.
   *
   * @param type the type of each value
   * @param content the values' bytes
   */
  record Values(int type, long count, ByteBuffer content) {

    /**
     * Calls the action with each text, whose bytes are decoded as Latin-1, since they need not be
     * complete characters.
     */
    void forEachText(Consumer<String> action) {
      ByteBuffer in = content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      for (long i = 0; i < count; i++) {
        action.accept(text(in, StandardCharsets.ISO_8859_1));
      }
    }

    /** Returns the values of a list of 32-bit integers. */
    int[] ints() {
      int[] ints = new int[Math.toIntExact(count)];
      content.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ints);
      return ints;
    }
  }

  /**
   * The position and size of a tensor.
   *
   * @param shape the extent in each dimension
   * @param type the number of the tensor's {@code ggml_type}
   * @param offset position of the tensor's data, in bytes from {@link #dataStart}
   * @param bytes size of the tensor's data
   */
  record Tensor(String name, List<Long> shape, int type, long offset, long bytes) {}

  /**
   * The number of elements and bytes of a block, by {@code ggml_type}, for the types that weights
   * can have.
   */
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
          Map.entry(29, new int[] {256, 56}),
          Map.entry(30, new int[] {1, 2}),
          Map.entry(34, new int[] {256, 54}),
          Map.entry(35, new int[] {256, 66}));

  /** The beginnings of files of other kinds, and what to report of such files. */
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
   * @throws ModelException when the file is missing, unreadable, empty, of another kind, truncated,
   *     or contradicts itself
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

  /**
   * Returns a file and the files in which it continues, all of which are read and checked.
   *
   * @throws ModelException as {@link #read(Path)}
   */
  static List<Path> parts(Path file) {
    Long count = read(file).integer("split.count");
    List<Path> parts = new ArrayList<>(List.of(file));
    Matcher name = FIRST_PART.matcher(String.valueOf(file.getFileName()));
    if (count != null && name.matches()) {
      for (int i = 2; i <= count; i++) {
        Path part = file.resolveSibling("%s-%05d-of-%s".formatted(name.group(1), i, name.group(2)));
        GgufHeader unused = read(part);
        parts.add(part);
      }
    }
    return parts;
  }

  private static GgufHeader read(Path file, ByteBuffer bytes, long size) {
    GgufHeader header;
    try {
      header = new Reader(bytes).header();
      if (header.end() <= size) {
        GgufChecks.check(header);
      }
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
    if (header.end() > size) {
      throw new ModelException(
          "The model file "
              + file
              + " is cut off: it has "
              + size
              + " bytes of "
              + header.end()
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

  /** Returns the model's architecture, such as {@code llama}, or null. */
  @Nullable String architecture() {
    return text(ARCHITECTURE);
  }

  /** Returns the text of a key, or null when the key is absent. */
  @Nullable String text(String key) {
    Entry entry = entries.get(key);
    return entry != null && entry.value() instanceof String text ? text : null;
  }

  /** Returns the integer of a key, or null when the key is absent. */
  @Nullable Long integer(String key) {
    Entry entry = entries.get(key);
    return entry != null && entry.value() instanceof Long integer ? integer : null;
  }

  /** Returns the list of a key, or null when the key is absent. */
  @Nullable Values list(String key) {
    Entry entry = entries.get(key);
    return entry != null && entry.value() instanceof Values values ? values : null;
  }

  /** Returns the position at which the last tensor's data ends, in bytes; 0 without tensors. */
  long end() {
    return tensors.stream()
        .mapToLong(
            tensor -> Math.addExact(dataStart, Math.addExact(tensor.offset(), tensor.bytes())))
        .max()
        .orElse(0);
  }

  /** Returns the alignment: every tensor begins at a multiple of it. */
  int alignment() {
    Long given = integer(ALIGNMENT);
    return given == null ? DEFAULT_ALIGNMENT : given.intValue();
  }

  /** Returns the name of a type. */
  static String typeName(int type) {
    return type >= 0 && type < TYPE_NAMES.size() ? TYPE_NAMES.get(type) : "unknown type " + type;
  }

  private static String text(ByteBuffer in, Charset charset) {
    long length = in.getLong();
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return new String(bytes, charset);
  }

  /** A reader of the header's bytes. Reading beyond the bytes that are present underflows. */
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
      long tensorCount = in.getLong();
      long keys = in.getLong();
      if (tensorCount < 0 || keys < 0) {
        throw new IllegalArgumentException("its header counts are below 0");
      }
      Map<String, Entry> entries = new LinkedHashMap<>();
      for (long i = 0; i < keys; i++) {
        String key = text(in, StandardCharsets.UTF_8);
        int type = in.getInt();
        if (key.isEmpty() || entries.put(key, new Entry(type, value(key, type))) != null) {
          throw new IllegalArgumentException("it has the key '" + key + "' twice or empty");
        }
      }
      long alignment = alignment(entries.get(ALIGNMENT));
      List<Tensor> tensors = new ArrayList<>();
      for (long i = 0; i < tensorCount; i++) {
        tensors.add(tensor());
      }
      long start = (in.position() + alignment - 1) / alignment * alignment;
      return new GgufHeader(
          version, Collections.unmodifiableMap(entries), List.copyOf(tensors), start);
    }

    private static long alignment(@Nullable Entry entry) {
      if (entry == null) {
        return DEFAULT_ALIGNMENT;
      }
      if (entry.type() != UINT32 || !(entry.value() instanceof Long given)) {
        throw new IllegalArgumentException(
            ALIGNMENT + " is of the type " + typeName(entry.type()) + " and not UINT32");
      }
      if (given > 1L << 30 || Long.bitCount(given) != 1) {
        throw new IllegalArgumentException(
            ALIGNMENT + " is " + given + ", which is no power of 2 up to 2^30");
      }
      return given;
    }

    private Object value(String key, int type) {
      return switch (type) {
        case UINT8 -> Long.valueOf(Byte.toUnsignedLong(in.get()));
        case INT8 -> Long.valueOf(in.get());
        case UINT16 -> Long.valueOf(Short.toUnsignedLong(in.getShort()));
        case INT16 -> Long.valueOf(in.getShort());
        case UINT32 -> Long.valueOf(Integer.toUnsignedLong(in.getInt()));
        case INT32 -> Long.valueOf(in.getInt());
        case UINT64, INT64 -> Long.valueOf(in.getLong());
        case FLOAT32 -> Double.valueOf(in.getFloat());
        case FLOAT64 -> Double.valueOf(in.getDouble());
        case BOOL -> in.get() != 0;
        case STRING -> text(in, StandardCharsets.UTF_8);
        case ARRAY -> list(key);
        default -> throw unknownType(key, type);
      };
    }

    private static IllegalArgumentException unknownType(String key, int type) {
      return new IllegalArgumentException("the value of " + key + " has the unknown type " + type);
    }

    private Values list(String key) {
      int type = in.getInt();
      long count = in.getLong();
      if (count < 0) {
        throw new IllegalArgumentException("the length of the list " + key + " is below 0");
      }
      int start = in.position();
      if (type == STRING) {
        for (long i = 0; i < count; i++) {
          skip(in.getLong());
        }
      } else {
        int width =
            switch (type) {
              case UINT8, INT8, BOOL -> 1;
              case UINT16, INT16 -> 2;
              case UINT32, INT32, FLOAT32 -> 4;
              case UINT64, INT64, FLOAT64 -> 8;
              default -> throw unknownType(key, type);
            };
        skip(Math.multiplyExact(count, (long) width));
      }
      return new Values(type, count, in.slice(start, in.position() - start));
    }

    private Tensor tensor() {
      String name = text(in, StandardCharsets.UTF_8);
      int dimensions = in.getInt();
      if (dimensions < 0 || dimensions > MOST_DIMENSIONS) {
        throw new IllegalArgumentException(
            "the tensor " + name + " has " + dimensions + " dimensions");
      }
      List<Long> shape = new ArrayList<>();
      long elements = 1;
      for (int d = 0; d < dimensions; d++) {
        long extent = in.getLong();
        if (extent < 1) {
          throw new IllegalArgumentException(
              "the tensor " + name + " has the extent " + extent + " in one dimension");
        }
        shape.add(extent);
        elements = Math.multiplyExact(elements, extent);
      }
      int type = in.getInt();
      long offset = in.getLong();
      int[] block = BLOCKS.get(type);
      if (block == null) {
        throw new IllegalArgumentException(
            "the tensor " + name + " is of the type " + type + ", which no weights are of");
      }
      if ((shape.isEmpty() ? 1 : shape.getFirst()) % block[0] != 0) {
        throw new IllegalArgumentException(
            "the tensor " + name + " has rows that are not made of whole blocks of its type");
      }
      if (offset < 0) {
        throw new IllegalArgumentException("the tensor " + name + " lies before the data");
      }
      long bytes = Math.multiplyExact(elements / block[0], (long) block[1]);
      return new Tensor(name, List.copyOf(shape), type, offset, bytes);
    }

    private void skip(long bytes) {
      if (bytes < 0 || bytes > in.remaining()) {
        throw new BufferUnderflowException();
      }
      in.position(in.position() + (int) bytes);
    }
  }
}
