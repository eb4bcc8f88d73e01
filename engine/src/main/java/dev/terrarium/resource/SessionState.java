package dev.terrarium.resource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a session remembers: plain data by name, and its size. Immutable.
 *
 * @param data not to be changed, all the way down
 * @param bytes those of its texts in UTF-8 and of its bytes, and {@value #VALUE_BYTES} for each
 *     other value, for each list and for each map
 */
record SessionState(Map<String, @Nullable Object> data, long bytes) {

  static final SessionState EMPTY = new SessionState(Map.of(), 0);

  private static final int VALUE_BYTES = 8;

  /** A copy that shares nothing that could be changed. */
  static SessionState of(Map<?, ?> data) {
    Copy copy = new Copy();
    return new SessionState(copy.map(data), copy.bytes);
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
        case Map<?, ?> map -> map(map);
        case List<?> list -> list(list);
        case null, default -> {
          bytes += VALUE_BYTES;
          yield value;
        }
      };
    }

    private String text(String text) {
      bytes += text.getBytes(StandardCharsets.UTF_8).length;
      return text;
    }

    private Map<String, @Nullable Object> map(Map<?, ?> map) {
      bytes += VALUE_BYTES;
      Map<String, @Nullable Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
      map.forEach((key, value) -> copy.put(text(String.valueOf(key)), value(value)));
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
