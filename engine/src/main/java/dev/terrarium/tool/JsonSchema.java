package dev.terrarium.tool;

import dev.terrarium.error.ConversionException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON schemas of types in the bridges' type language, which {@link dev.terrarium.spi.TypeSpec}
 * makes of Java types. The schemas are in place, without references, and closed; optional values
 * need not be given. Stateless.
 */
final class JsonSchema {

  private static final String DATE =
      "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"; // as in Python's terrarium.bridge.types

  private static final Map<String, Map<String, Object>> SIMPLE =
      Map.of(
          "string", Map.of("type", "string"),
          "integer", Map.of("type", "integer"),
          "number", Map.of("type", "number"),
          "boolean", Map.of("type", "boolean"),
          "date", pattern(DATE),
          "datetime", pattern(DATE + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"),
          "decimal", pattern("-?[0-9]{1,20}(\\.[0-9]{1,20})?"));

  private static final List<String> BOUNDS = List.of("minimum", "maximum");

  private JsonSchema() {}

  private static Map<String, Object> pattern(String text) {
    return Map.of("type", "string", "pattern", "^" + text + "$");
  }

  /** Returns the schema of an object that has these fields. */
  static Map<String, @Nullable Object> of(List<? extends Map<?, ?>> fields) {
    Map<String, @Nullable Object> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    for (Map<?, ?> field : fields) {
      String name = String.valueOf(field.get("name"));
      Map<String, @Nullable Object> schema = ofType(part(field, "type"));
      describe(schema, field);
      properties.put(name, schema);
      if (!isOptional(field)) {
        required.add(name);
      }
    }
    Map<String, @Nullable Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    schema.put("required", required);
    schema.put("additionalProperties", false);
    return schema;
  }

  /** Returns whether an object may lack the field. */
  static boolean isOptional(Map<?, ?> field) {
    return "optional".equals(part(field, "type").get("type"));
  }

  private static Map<String, @Nullable Object> ofType(Map<?, ?> type) {
    String kind = String.valueOf(type.get("type"));
    return switch (kind) {
      case "enum" -> schema("type", "string", "enum", type.get("values"));
      case "list" -> schema("type", "array", "items", ofType(part(type, "items")));
      case "map" -> schema("type", "object", "additionalProperties", ofType(part(type, "values")));
      case "optional" -> schema("anyOf", List.of(ofType(part(type, "of")), Map.of("type", "null")));
      case "record" -> {
        Map<String, @Nullable Object> schema = of(fields(type));
        describe(schema, type);
        yield schema;
      }
      case "native" ->
          throw new ConversionException(
              "parameters",
              "a tool's parameter cannot be a " + type.get("name") + ", a framework's own type");
      default -> simple(kind, type);
    };
  }

  private static Map<String, @Nullable Object> simple(String kind, Map<?, ?> type) {
    Map<String, Object> known = SIMPLE.get(kind);
    if (known == null) {
      throw new IllegalStateException("no JSON schema for the type " + kind);
    }
    Map<String, @Nullable Object> schema = new LinkedHashMap<>(known);
    for (String bound : BOUNDS) {
      if (type.get(bound) instanceof Number number) {
        schema.put(bound, number);
      }
    }
    return schema;
  }

  private static void describe(Map<String, @Nullable Object> schema, Map<?, ?> described) {
    if (described.get("description") instanceof String text && !text.isEmpty()) {
      schema.put("description", text);
    }
  }

  private static List<Map<?, ?>> fields(Map<?, ?> type) {
    List<Map<?, ?>> fields = new ArrayList<>();
    if (type.get("fields") instanceof List<?> list) {
      list.forEach(field -> fields.add((Map<?, ?>) field));
    }
    return fields;
  }

  private static Map<?, ?> part(Map<?, ?> type, String key) {
    if (type.get(key) instanceof Map<?, ?> part) {
      return part;
    }
    throw new IllegalStateException("no '" + key + "' in " + type);
  }

  private static Map<String, @Nullable Object> schema(@Nullable Object... keysAndValues) {
    Map<String, @Nullable Object> schema = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      schema.put(String.valueOf(keysAndValues[i]), keysAndValues[i + 1]);
    }
    return schema;
  }
}
