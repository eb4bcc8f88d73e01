package dev.terrarium.internal.resource;

import dev.terrarium.error.ConversionException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state of a session: plain data by name, and its size. Immutable.
 *
 * @param data unmodifiable at every level
 * @param bytes size of the state: the bytes of its texts in UTF-8 and of its byte arrays, and for
 *     each other value {@value #VALUE_BYTES} plus its content, such as that of an array or of a
 *     long number
 */
record SessionState(Map<String, @Nullable Object> data, long bytes) {

  static final SessionState EMPTY = new SessionState(Map.of(), 0);

  private static final int VALUE_BYTES = 8;

  /**
   * Returns a state whose data is a copy that shares nothing that can be changed.
   *
   * @throws ConversionException when a key is not a text; the keys of maps within may be others
   */
  static SessionState of(Map<?, ?> data) {
    Copy copy = new Copy();
    Map<String, @Nullable Object> top = LinkedHashMap.newLinkedHashMap(data.size());
    copy.map(data)
        .forEach(
            (key, value) -> {
              if (!(key instanceof String name)) {
                throw new ConversionException("state", "the key " + key + " is no text");
              }
              top.put(name, value);
            });
    return new SessionState(Collections.unmodifiableMap(top), copy.bytes);
  }

  /** Returns a copy of the data, for callers that might change an array in it. */
  Map<String, @Nullable Object> copy() {
    return of(data).data;
  }

  /** One walk through plain data. */
  private static final class Copy {

    private long bytes;

    private @Nullable Object value(@Nullable Object value) {
      return switch (value) {
        case String text -> text(text);
        case byte[] raw -> {
          bytes += raw.length;
          yield raw.clone();
        }
        case short[] numbers -> counted(numbers.length, Short.BYTES, numbers.clone());
        case int[] numbers -> counted(numbers.length, Integer.BYTES, numbers.clone());
        case long[] numbers -> counted(numbers.length, Long.BYTES, numbers.clone());
        case float[] numbers -> counted(numbers.length, Float.BYTES, numbers.clone());
        case double[] numbers -> counted(numbers.length, Double.BYTES, numbers.clone());
        case BigInteger number -> counted(number.bitLength(), 1.0 / Byte.SIZE, number);
        case BigDecimal number ->
            counted(number.unscaledValue().bitLength(), 1.0 / Byte.SIZE, number);
        case Map<?, ?> map -> map(map);
        case List<?> list -> list(list);
        case null, default -> {
          bytes += VALUE_BYTES;
          yield value;
        }
      };
    }

    private Object counted(int count, double each, Object value) {
      bytes += VALUE_BYTES + (long) Math.ceil(count * each);
      return value;
    }

    private String text(String text) {
      bytes += text.getBytes(StandardCharsets.UTF_8).length;
      return text;
    }

    private Map<Object, @Nullable Object> map(Map<?, ?> map) {
      bytes += VALUE_BYTES;
      Map<Object, @Nullable Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
      map.forEach((key, value) -> copy.put(Objects.requireNonNull(value(key)), value(value)));
      return Collections.unmodifiableMap(copy);
    }

    private List<@Nullable Object> list(List<?> list) {
      bytes += VALUE_BYTES;
      List<@Nullable Object> copy = new ArrayList<>(list.size());
      list.forEach(each -> copy.add(value(each)));
      return Collections.unmodifiableList(copy);
    }
  }
}
