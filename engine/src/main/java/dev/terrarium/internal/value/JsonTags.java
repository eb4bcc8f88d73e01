package dev.terrarium.internal.value;

import dev.terrarium.MessageFormat;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The keys that make a JSON object stand for something else; see {@link MessageFormat}. */
final class JsonTags {

  static final String BYTES = "$bytes";
  static final String MAP = "$map";

  private static final Map<String, NumberArray> ARRAYS =
      Arrays.stream(NumberArray.values())
          .collect(Collectors.toMap(NumberArray::tag, Function.identity()));

  private JsonTags() {}

  static boolean isTag(String key) {
    return key.startsWith("$")
        && (key.equals(BYTES)
            || key.equals(MAP)
            || Scalar.ofTag(key) != null
            || ARRAYS.containsKey(key));
  }

  /**
   * Returns the value for which a tag, other than {@link #MAP}, and its text stand.
   *
   * @throws RuntimeException of many kinds when they stand for no value
   */
  static Object value(String tag, String text) {
    Scalar scalar = Scalar.ofTag(tag);
    if (scalar != null) {
      return scalar.parse(text);
    }
    byte[] bytes = Base64.getDecoder().decode(text);
    NumberArray numbers = ARRAYS.get(tag);
    return numbers == null ? bytes : numbers.fromBytes(bytes);
  }
}
