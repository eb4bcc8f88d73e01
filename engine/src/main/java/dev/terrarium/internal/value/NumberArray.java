package dev.terrarium.internal.value;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Converts Java's arrays of numbers to bytes and back, so that an array crosses as one piece. The
 * order of bytes is the machine's, which is little-endian wherever GraalPy runs. A {@code byte[]}
 * is bytes, not numbers.
 */
public enum NumberArray {
  SHORTS("short[]", Short.BYTES, "h", 16),
  INTS("int[]", Integer.BYTES, "i", 17),
  LONGS("long[]", Long.BYTES, "q", 18),
  FLOATS("float[]", Float.BYTES, "f", 19),
  DOUBLES("double[]", Double.BYTES, "d", 20);

  private final String type;
  private final int size;
  private final String typecode;
  private final int extension;

  NumberArray(String type, int size, String typecode, int extension) {
    this.type = type;
    this.size = size;
    this.typecode = typecode;
    this.extension = extension;
  }

  /** Returns the kind of a value, or null when it is no array of numbers. */
  public static @Nullable NumberArray of(@Nullable Object value) {
    return switch (value) {
      case short[] each -> SHORTS;
      case int[] each -> INTS;
      case long[] each -> LONGS;
      case float[] each -> FLOATS;
      case double[] each -> DOUBLES;
      case null, default -> null;
    };
  }

  /**
   * Returns the kind of one of Python's arrays, or null when Java has none; {@code l} is 64 bits
   * wide.
   */
  static @Nullable NumberArray ofTypecode(String typecode) {
    for (NumberArray each : values()) {
      if (each.typecode.equals(typecode.equals("l") ? "q" : typecode)) {
        return each;
      }
    }
    return null;
  }

  /** Returns the name that Python's {@code array} has for it. */
  String typecode() {
    return typecode;
  }

  /** Returns the name that it has in JSON, such as {@code $double[]}. */
  String tag() {
    return "$" + type;
  }

  /** Returns its extension type in MessagePack. */
  byte extension() {
    return (byte) extension;
  }

  byte[] toBytes(Object array) {
    MemorySegment numbers =
        switch (array) {
          case short[] each -> MemorySegment.ofArray(each);
          case int[] each -> MemorySegment.ofArray(each);
          case long[] each -> MemorySegment.ofArray(each);
          case float[] each -> MemorySegment.ofArray(each);
          case double[] each -> MemorySegment.ofArray(each);
          default -> throw new IllegalArgumentException(array + " is no array of numbers");
        };
    return numbers.toArray(ValueLayout.JAVA_BYTE);
  }

  /**
   * Returns the array of these bytes.
   *
   * @throws IllegalArgumentException when they end within an element
   */
  Object fromBytes(byte[] bytes) {
    if (bytes.length % size != 0) {
      throw new IllegalArgumentException(
          bytes.length + " bytes are no " + type + ", whose elements have " + size);
    }
    MemorySegment numbers = MemorySegment.ofArray(bytes);
    return switch (this) {
      case SHORTS -> numbers.toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
      case INTS -> numbers.toArray(ValueLayout.JAVA_INT_UNALIGNED);
      case LONGS -> numbers.toArray(ValueLayout.JAVA_LONG_UNALIGNED);
      case FLOATS -> numbers.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      case DOUBLES -> numbers.toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
    };
  }

  /** Returns the numbers as plain data has them: Long or Double. */
  public List<Object> elements(Object array) {
    boolean whole = this != FLOATS && this != DOUBLES;
    int length = Array.getLength(array);
    List<Object> elements = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      elements.add(whole ? (Object) Array.getLong(array, i) : (Object) Array.getDouble(array, i));
    }
    return elements;
  }
}
