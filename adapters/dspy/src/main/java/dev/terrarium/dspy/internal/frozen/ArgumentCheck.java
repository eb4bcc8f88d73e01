package dev.terrarium.dspy.internal.frozen;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A check that an argument of a tool is valid by a JSON schema, as {@code jsonschema} would find.
 * What is not valid, or has a schema with other words than these, is left to DSPy. Stateless.
 */
final class ArgumentCheck {

  /** The words that say nothing of what is valid. */
  private static final Set<String> REMARKS =
      Set.of("title", "description", "default", "format", "examples");

  private ArgumentCheck() {}

  static void check(Map<?, ?> schema, @Nullable Object value) throws NotExactException {
    for (Map.Entry<?, ?> word : schema.entrySet()) {
      if (!REMARKS.contains(word.getKey()) && !holds(word, schema, value)) {
        throw new NotExactException();
      }
    }
  }

  private static boolean holds(Map.Entry<?, ?> word, Map<?, ?> schema, @Nullable Object value)
      throws NotExactException {
    return switch ((String) word.getKey()) {
      case "type" -> isOf(word.getValue(), value);
      case "enum" -> value instanceof String && ((List<?>) word.getValue()).contains(value);
      case "minimum" -> isNumber(value) && compare(value, word.getValue()) >= 0;
      case "maximum" -> isNumber(value) && compare(value, word.getValue()) <= 0;
      case "required" ->
          value instanceof Map<?, ?> map && map.keySet().containsAll((List<?>) word.getValue());
      case "items" -> value instanceof List<?> items && all(items, (Map<?, ?>) word.getValue());
      case "properties" -> value instanceof Map<?, ?> map && members(schema, map);
      case "additionalProperties" -> schema.get("properties") instanceof Map<?, ?>;
      default -> false;
    };
  }

  private static boolean isOf(@Nullable Object type, @Nullable Object value) {
    return switch (String.valueOf(type)) { // several types are left to DSPy
      case "string" -> value instanceof String;
      case "integer" -> value instanceof Long;
      case "number" -> isNumber(value);
      case "boolean" -> value instanceof Boolean;
      case "null" -> value == null;
      case "array" -> value instanceof List<?>;
      case "object" -> value instanceof Map<?, ?>;
      default -> false;
    };
  }

  private static boolean isNumber(@Nullable Object value) {
    return value instanceof Long || value instanceof Double;
  }

  private static int compare(@Nullable Object value, @Nullable Object bound)
      throws NotExactException {
    if (value instanceof Long number && bound instanceof Long other) {
      return Long.compare(number, other);
    }
    if (value instanceof Double number && bound instanceof Number other) {
      return Double.compare(number, other.doubleValue());
    }
    throw new NotExactException();
  }

  private static boolean all(List<?> items, Map<?, ?> schema) throws NotExactException {
    for (Object item : items) {
      check(schema, item);
    }
    return true;
  }

  private static boolean members(Map<?, ?> schema, Map<?, ?> map) throws NotExactException {
    Map<?, ?> properties = (Map<?, ?>) schema.get("properties");
    for (Map.Entry<?, ?> member : map.entrySet()) {
      if (!(properties != null && properties.get(member.getKey()) instanceof Map<?, ?> of)) {
        return false; // whether further members are valid is left to DSPy
      }
      check(of, member.getValue());
    }
    return true;
  }
}
