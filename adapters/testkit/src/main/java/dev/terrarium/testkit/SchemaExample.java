package dev.terrarium.testkit;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.terrarium.error.ModelException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A generator of the least value that conforms to a JSON schema. Not thread-safe; used once. */
final class SchemaExample {

  /** The string that is used if the schema does not require another. */
  static final String TEXT = "text";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JSON.getNodeFactory();
  private static final int DEEPEST = 32;
  private static final BigDecimal HALF = new BigDecimal("0.5");

  private static final Map<String, String> FORMATS =
      Map.of(
          "date", "2024-01-01",
          "time", "00:00:00Z",
          "date-time", "2024-01-01T00:00:00Z",
          "duration", "PT1S",
          "uuid", "00000000-0000-4000-8000-000000000000",
          "email", "text@example.org",
          "uri", "https://example.org/");

  private final JsonNode root;

  private SchemaExample(JsonNode root) {
    this.root = root;
  }

  /**
   * Returns the value as JSON text.
   *
   * @throws ModelException when the text is not a schema, or no value is found
   */
  static String of(String schema) {
    try {
      JsonNode root = JSON.readTree(schema);
      return JSON.writeValueAsString(new SchemaExample(root).value(root, "$", 0));
    } catch (JsonProcessingException e) {
      throw new ModelException("The response schema is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static ModelException none(String path, String why) {
    return new ModelException(
        "The fake language model finds no value for the response schema: "
            + path
            + " "
            + why
            + ".");
  }

  private JsonNode value(JsonNode schema, String path, int depth) {
    if (depth > DEEPEST) {
      throw none(path, "nests without end");
    }
    if (schema.isBoolean() && schema.booleanValue()) {
      return NODES.nullNode();
    }
    if (!schema.isObject()) {
      throw none(path, "allows nothing");
    }
    if (schema.has("const")) {
      return schema.get("const");
    }
    if (schema.has("enum")) {
      return first(schema.get("enum"), path);
    }
    if (schema.has("$ref")) {
      return value(target(schema.get("$ref").asText(), path), path, depth + 1);
    }
    for (String keyword : new String[] {"anyOf", "oneOf"}) {
      if (schema.has(keyword)) {
        return anyOf(schema.get(keyword), path + "." + keyword, depth);
      }
    }
    if (schema.has("allOf")) {
      return value(merged(schema, path, depth), path, depth + 1);
    }
    return typed(schema, path, depth);
  }

  private JsonNode typed(JsonNode schema, String path, int depth) {
    JsonNode type = schema.path("type");
    String name = type.isArray() ? first(type, path).asText() : type.asText(implied(schema));
    return switch (name) {
      case "object" -> object(schema, path, depth);
      case "array" -> array(schema, path, depth);
      case "string" -> string(schema, path);
      case "integer" -> number(schema, path, true);
      case "number" -> number(schema, path, false);
      case "boolean" -> NODES.booleanNode(false);
      case "null", "" -> NODES.nullNode();
      default -> throw none(path, "has the unknown type '" + name + "'");
    };
  }

  private static String implied(JsonNode schema) {
    if (schema.has("properties") || schema.has("required")) {
      return "object";
    }
    return schema.has("items") || schema.has("prefixItems") ? "array" : "";
  }

  private static JsonNode first(JsonNode list, String path) {
    JsonNode first = list.get(0);
    if (first == null) {
      throw none(path, "has an empty list of choices");
    }
    return first;
  }

  private JsonNode target(String reference, String path) {
    JsonNode target =
        reference.equals("#")
            ? root
            : reference.startsWith("#/")
                ? root.at(JsonPointer.compile(reference.substring(1)))
                : NODES.missingNode();
    if (target.isMissingNode()) {
      throw none(path, "refers to '" + reference + "', which is not in the schema");
    }
    return target;
  }

  private JsonNode anyOf(JsonNode alternatives, String path, int depth) {
    ModelException failure = null;
    for (int i = 0; i < alternatives.size(); i++) {
      try {
        return value(alternatives.get(i), path + "[" + i + "]", depth + 1);
      } catch (ModelException e) {
        failure = failure == null ? e : failure;
      }
    }
    throw failure == null ? none(path, "is empty") : failure;
  }

  /**
   * Merges all parts and what stands beside them into one schema; the last occurrence of a keyword
   * counts.
   */
  private JsonNode merged(JsonNode schema, String path, int depth) {
    if (depth > DEEPEST) {
      throw none(path, "nests without end");
    }
    ObjectNode whole = JSON.createObjectNode();
    for (JsonNode part : schema.get("allOf")) {
      JsonNode resolved = part.has("$ref") ? target(part.get("$ref").asText(), path) : part;
      merge(whole, resolved.has("allOf") ? merged(resolved, path, depth + 1) : resolved);
    }
    ObjectNode rest = schema.deepCopy();
    rest.remove("allOf");
    merge(whole, rest);
    return whole;
  }

  private static void merge(ObjectNode whole, JsonNode part) {
    for (var field : part.properties()) {
      JsonNode before = whole.get(field.getKey());
      if (before instanceof ObjectNode object && field.getKey().equals("properties")) {
        field.getValue().properties().forEach(p -> object.set(p.getKey(), p.getValue()));
      } else if (before instanceof ArrayNode array && field.getKey().equals("required")) {
        field.getValue().forEach(array::add);
      } else {
        whole.set(field.getKey(), field.getValue().deepCopy());
      }
    }
  }

  private JsonNode object(JsonNode schema, String path, int depth) {
    ObjectNode object = JSON.createObjectNode();
    JsonNode properties = schema.path("properties");
    for (JsonNode required : schema.path("required")) {
      String name = required.asText();
      JsonNode property = properties.path(name);
      object.set(
          name,
          property.isMissingNode()
              ? NODES.nullNode()
              : value(property, path + "." + name, depth + 1));
    }
    if (schema.path("minProperties").asInt() > object.size()) {
      throw none(path, "needs more properties than it names");
    }
    return object;
  }

  private JsonNode array(JsonNode schema, String path, int depth) {
    ArrayNode array = JSON.createArrayNode();
    JsonNode prefix = schema.path("prefixItems");
    JsonNode items = schema.path("items");
    int count = schema.path("minItems").asInt();
    for (int i = 0; i < count; i++) {
      JsonNode item = prefix.has(i) ? prefix.get(i) : items;
      array.add(
          item.isMissingNode() ? NODES.nullNode() : value(item, path + "[" + i + "]", depth + 1));
    }
    if (schema.path("uniqueItems").asBoolean() && !areDifferent(array)) {
      throw none(path, "needs items that differ");
    }
    return array;
  }

  private static boolean areDifferent(ArrayNode array) {
    Set<JsonNode> seen = new HashSet<>();
    array.forEach(seen::add);
    return seen.size() == array.size();
  }

  private static JsonNode string(JsonNode schema, String path) {
    if (schema.has("pattern")) {
      throw none(path, "has a pattern");
    }
    String text = FORMATS.getOrDefault(schema.path("format").asText(), TEXT);
    int min = schema.path("minLength").asInt();
    int max = schema.path("maxLength").asInt(Integer.MAX_VALUE);
    if (min > max) {
      throw none(path, "has minLength " + min + " above maxLength " + max);
    }
    String longEnough = text + "x".repeat(Math.max(0, min - text.length()));
    return NODES.textNode(longEnough.substring(0, Math.min(longEnough.length(), max)));
  }

  private static JsonNode number(JsonNode schema, String path, boolean whole) {
    BigDecimal step =
        schema.has("multipleOf") ? schema.get("multipleOf").decimalValue() : BigDecimal.ONE;
    BigDecimal low = bound(schema, "minimum");
    BigDecimal high = bound(schema, "maximum");
    BigDecimal above = bound(schema, "exclusiveMinimum");
    BigDecimal below = bound(schema, "exclusiveMaximum");
    BigDecimal value = BigDecimal.ZERO;
    if (low != null && low.signum() > 0) {
      value = multiple(low, step, RoundingMode.CEILING);
    }
    if (above != null && above.compareTo(value) >= 0) {
      value = multiple(above, step, RoundingMode.FLOOR).add(step);
    }
    if (high != null && high.compareTo(value) < 0) {
      value = multiple(high, step, RoundingMode.FLOOR);
    }
    if (below != null && below.compareTo(value) <= 0) {
      value = multiple(below, step, RoundingMode.CEILING).subtract(step);
    }
    if (!fits(value, low, high, above, below)) {
      value = between(low == null ? above : low, high == null ? below : high);
      if (whole || schema.has("multipleOf") || !fits(value, low, high, above, below)) {
        throw none(path, "has bounds between which there is no number");
      }
    }
    return whole || value.stripTrailingZeros().scale() <= 0
        ? NODES.numberNode(value.toBigInteger())
        : NODES.numberNode(value);
  }

  private static boolean fits(
      BigDecimal value,
      @Nullable BigDecimal low,
      @Nullable BigDecimal high,
      @Nullable BigDecimal above,
      @Nullable BigDecimal below) {
    return (low == null || value.compareTo(low) >= 0)
        && (high == null || value.compareTo(high) <= 0)
        && (above == null || value.compareTo(above) > 0)
        && (below == null || value.compareTo(below) < 0);
  }

  private static BigDecimal between(@Nullable BigDecimal low, @Nullable BigDecimal high) {
    return low == null || high == null ? BigDecimal.ZERO : low.add(high).multiply(HALF);
  }

  private static BigDecimal multiple(BigDecimal value, BigDecimal step, RoundingMode rounding) {
    return value.divide(step, 0, rounding).multiply(step);
  }

  private static @Nullable BigDecimal bound(JsonNode schema, String keyword) {
    JsonNode value = schema.get(keyword);
    return value == null || !value.isNumber() ? null : value.decimalValue();
  }
}
