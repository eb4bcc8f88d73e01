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

  private static final Map<String, TextTag> TEXTS =
      Arrays.stream(TextTag.values()).collect(Collectors.toMap(TextTag::tag, Function.identity()));
  private static final Map<String, NumberArray> ARRAYS =
      Arrays.stream(NumberArray.values())
          .collect(Collectors.toMap(NumberArray::tag, Function.identity()));

  private JsonTags() {}

  static boolean isTag(String key) {
    return key.startsWith("$")
        && (key.equals(BYTES)
            || key.equals(MAP)
            || TEXTS.containsKey(key)
            || ARRAYS.containsKey(key));
  }

  /**
   * What a tag, other than {@link #MAP}, and its text stand for.
   *
   * @throws RuntimeException of many kinds when that is nothing
   */
  static Object value(String tag, String text) {
    TextTag scalar = TEXTS.get(tag);
    if (scalar != null) {
      return scalar.parse(text);
    }
    byte[] bytes = Base64.getDecoder().decode(text);
    NumberArray numbers = ARRAYS.get(tag);
    return numbers == null ? bytes : numbers.fromBytes(bytes);
  }
}
