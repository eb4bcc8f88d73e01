package dev.terrarium.llamacpp.grammar;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.terrarium.error.ModelException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A JSON schema, as the grammar reads it: which keywords there are, what a reference names, and
 * what several schemas say together. What cannot be enforced is refused. Immutable.
 */
final class JsonSchema {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final int MOST_REPEATS = 2000;

  /** The keywords that only describe. */
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "example",
          "deprecated",
          "readOnly",
          "writeOnly",
          "discriminator",
          "$comment",
          "$schema",
          "$id",
          "$defs",
          "definitions");

  private static final Set<String> UNSUPPORTED =
      Set.of(
          "not",
          "if",
          "then",
          "else",
          "patternProperties",
          "dependentRequired",
          "dependentSchemas",
          "dependencies",
          "contains",
          "multipleOf",
          "$dynamicRef",
          "$recursiveRef");

  /** The supported keywords that say what a value must be. */
  private static final Set<String> CONSTRAINTS =
      Set.of(
          "$ref",
          "type",
          "const",
          "enum",
          "anyOf",
          "oneOf",
          "allOf",
          "properties",
          "required",
          "additionalProperties",
          "propertyNames",
          "minProperties",
          "maxProperties",
          "items",
          "prefixItems",
          "additionalItems",
          "minItems",
          "maxItems",
          "minLength",
          "maxLength",
          "pattern",
          "format",
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum");

  /** Those of {@link #CONSTRAINTS} that say nothing when they are empty or true. */
  private static final Set<String> OPEN =
      Set.of(
          "allOf",
          "properties",
          "required",
          "additionalProperties",
          "propertyNames",
          "items",
          "prefixItems",
          "additionalItems");

  /** The keywords that parts of {@code allOf} can have. */
  private static final Set<String> MERGED =
      Set.of("type", "properties", "required", "additionalProperties");

  private final JsonNode root;

  private JsonSchema(JsonNode root) {
    this.root = root;
  }

  /**
   * Reads a schema.
   *
   * @param text JSON
   * @throws ModelException when the text is not JSON
   */
  static JsonSchema of(String text) {
    try {
      return new JsonSchema(JSON.readTree(text));
    } catch (JsonProcessingException e) {
      throw new ModelException("The response schema is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Returns the outermost schema. */
  JsonNode root() {
    return root;
  }

  /** Returns the schema that a reference names. */
  JsonNode target(String reference, String path) {
    JsonNode target = root;
    if (!reference.equals("#")) {
      if (!reference.startsWith("#/")) {
        throw refused(path, "refers to '" + reference + "', which is not within the schema");
      }
      target = root.at(JsonPointer.compile(reference.substring(1)));
    }
    if (target.isMissingNode()) {
      throw refused(path, "refers to '" + reference + "', which is not there");
    }
    return target;
  }

  /**
   * Returns an alternative, restricted to the types that stand beside the alternatives, if there
   * are any.
   */
  JsonNode ofType(JsonNode alternative, Set<String> types, String path) {
    boolean any = alternative.isBoolean() && alternative.booleanValue();
    if (types.isEmpty() || !(alternative.isObject() || any)) {
      return alternative;
    }
    boolean indirect = hasAny(alternative, "$ref", "allOf");
    Set<String> own =
        indirect
            ? typesOf(alternative, path, new LinkedHashSet<>())
            : typeNames(alternative.path("type"));
    Set<String> both = own.isEmpty() ? types : common(own, types);
    if (both.equals(own)) {
      return alternative;
    }
    if (indirect || both.isEmpty()) {
      throw refused(path, "does not say that it is of the type " + String.join(" or ", types));
    }
    ObjectNode narrowed = any ? JSON.createObjectNode() : alternative.deepCopy();
    both.forEach(narrowed.putArray("type")::add);
    return narrowed;
  }

  /**
   * Returns the types that a schema names, or that a schema names to which it refers; empty when
   * none are named.
   */
  private Set<String> typesOf(JsonNode schema, String path, Set<String> seen) {
    if (schema.has("$ref")) {
      String reference = schema.path("$ref").asText();
      return seen.add(reference) ? typesOf(target(reference, path), path, seen) : Set.of();
    }
    if (schema.has("type")) {
      return typeNames(schema.path("type"));
    }
    for (JsonNode part : schema.path("allOf")) {
      Set<String> types = typesOf(part, path, seen);
      if (!types.isEmpty()) {
        return types;
      }
    }
    return impliedType(schema).equals("object") ? Set.of("object") : Set.of();
  }

  private static Set<String> common(Set<String> some, Set<String> others) {
    Set<String> common = new LinkedHashSet<>();
    for (String type : some) {
      if (others.contains(type) || (type.equals("integer") && others.contains("number"))) {
        common.add(type);
      } else if (type.equals("number") && others.contains("integer")) {
        common.add("integer");
      }
    }
    return common;
  }

  /** Returns the union of schemas of objects, all of which hold. */
  JsonNode merged(JsonNode schema, String path) {
    JsonNode all = schema.path("allOf");
    ObjectNode beside = schema.deepCopy();
    beside.remove("allOf");
    boolean alone = !constrains(beside);
    if (all.size() == 1 && alone) {
      return all.path(0);
    }
    List<JsonNode> parts = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      addParts(parts, all.path(i), new LinkedHashSet<>(), path + ".allOf[" + i + "]");
    }
    if (!alone) {
      parts.add(beside);
    }
    if (parts.isEmpty()) {
      return JSON.getNodeFactory().booleanNode(true);
    }
    ObjectNode whole = JSON.createObjectNode().put("type", "object");
    ObjectNode properties = whole.putObject("properties");
    Set<String> required = new LinkedHashSet<>();
    for (JsonNode object : parts) {
      if (!object.path("type").asText(impliedType(object)).equals("object")
          || hasAny(object, "allOf", "anyOf", "oneOf", "enum", "const")) {
        throw refused(path, "has an 'allOf' of more than plain objects");
      }
      for (var property : object.path("properties").properties()) {
        if (properties.has(property.getKey())
            && !properties.get(property.getKey()).equals(property.getValue())) {
          throw refused(path, "has an 'allOf' with two schemas for '" + property.getKey() + "'");
        }
        properties.set(property.getKey(), property.getValue());
      }
      checkBeside(object, "allOf", MERGED, path);
      object.path("required").forEach(name -> required.add(name.asText()));
    }
    required.forEach(whole.putArray("required")::add);
    for (JsonNode object : parts) {
      mergeOthers(whole, object, path);
    }
    return whole;
  }

  /**
   * Adds a schema without its keywords that only describe; the schema to which it refers, and what
   * stands beside the reference, are added as parts of their own.
   */
  private void addParts(List<JsonNode> parts, JsonNode schema, Set<String> seen, String path) {
    if (schema.isBoolean() && schema.booleanValue()) {
      return;
    }
    checkSupported(schema, path);
    ObjectNode rest = schema.deepCopy();
    if (schema.has("$ref")) {
      String reference = schema.path("$ref").asText();
      if (!seen.add(reference)) {
        throw refused(path, "refers to nothing but itself");
      }
      addParts(parts, target(reference, path), seen, reference);
      seen.remove(reference);
      rest.remove("$ref");
    }
    if (constrains(rest)) {
      parts.add(rest);
    }
  }

  /**
   * Merges what a part says of properties that it does not name, which must hold for the properties
   * of other parts.
   */
  private static void mergeOthers(ObjectNode whole, JsonNode part, String path) {
    JsonNode others = part.path("additionalProperties");
    if (allowsAll(others)) {
      return;
    }
    Set<String> names = new LinkedHashSet<>();
    whole.path("properties").properties().forEach(property -> names.add(property.getKey()));
    whole.path("required").forEach(name -> names.add(name.asText()));
    for (String name : names) {
      if (!part.path("properties").has(name)) {
        throw refused(
            path, "has an 'allOf' with 'additionalProperties' for '" + name + "' of another part");
      }
    }
    if (whole.has("additionalProperties") && !whole.get("additionalProperties").equals(others)) {
      throw refused(path, "has an 'allOf' with two schemas for 'additionalProperties'");
    }
    whole.set("additionalProperties", others);
  }

  static ModelException refused(String path, String why) {
    return new ModelException("The response schema cannot be enforced: " + path + " " + why + ".");
  }

  /** Refuses what is no schema, or has a keyword that is not supported. */
  static void checkSupported(JsonNode schema, String path) {
    if (!schema.isObject()) {
      throw refused(path, schema.isBoolean() ? "allows nothing" : "is not a schema");
    }
    for (String keyword : UNSUPPORTED) {
      if (schema.has(keyword)) {
        throw refused(path, "has the keyword '" + keyword + "', which is not supported");
      }
    }
  }

  /** Refuses what stands beside a reference and would be ignored. */
  static void checkReference(JsonNode schema, String path) {
    for (var field : schema.properties()) {
      if (!field.getKey().equals("$ref") && !ANNOTATIONS.contains(field.getKey())) {
        throw refused(path, "has '" + field.getKey() + "' beside '$ref', which is not supported");
      }
    }
  }

  /** Refuses a keyword that stands beside another keyword and would be ignored. */
  static void checkBeside(JsonNode schema, String keyword, Set<String> heeded, String path) {
    for (var field : schema.properties()) {
      String other = field.getKey();
      if (!heeded.contains(other) && constrains(other, field.getValue())) {
        throw refused(path, "has '" + other + "' beside '" + keyword + "', which is not supported");
      }
    }
  }

  private static boolean constrains(JsonNode schema) {
    for (var field : schema.properties()) {
      if (constrains(field.getKey(), field.getValue())) {
        return true;
      }
    }
    return false;
  }

  private static boolean constrains(String keyword, JsonNode value) {
    return CONSTRAINTS.contains(keyword)
        && !(OPEN.contains(keyword) && allowsAll(value))
        && (!keyword.equals("format") || JsonScalars.isEnforced(value.asText()));
  }

  private static boolean allowsAll(JsonNode value) {
    return value.isMissingNode()
        || (value.isContainerNode() && value.isEmpty())
        || (value.isBoolean() && value.booleanValue());
  }

  /** Returns the type of the values that the keywords speak of; empty when there is none. */
  static String impliedType(JsonNode schema) {
    if (hasAny(schema, "properties", "additionalProperties", "required", "propertyNames")) {
      return "object";
    }
    if (hasAny(schema, "items", "prefixItems", "minItems", "maxItems")) {
      return "array";
    }
    if (hasAny(schema, "minLength", "maxLength", "pattern", "format")) {
      return "string";
    }
    return hasAny(schema, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        ? "number"
        : "";
  }

  static boolean hasAny(JsonNode schema, String... keywords) {
    for (String keyword : keywords) {
      if (schema.has(keyword)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the names of types; empty when the schema names none. */
  static Set<String> typeNames(JsonNode type) {
    Set<String> names = new LinkedHashSet<>();
    if (type.isTextual()) {
      names.add(type.asText());
    }
    type.forEach(name -> names.add(name.asText()));
    return names;
  }

  /** Returns whether a value is of one of the types. */
  static boolean isOfOne(Set<String> types, JsonNode value) {
    return switch (value.getNodeType()) {
      case OBJECT -> types.contains("object");
      case ARRAY -> types.contains("array");
      case STRING -> types.contains("string");
      case BOOLEAN -> types.contains("boolean");
      case NULL -> types.contains("null");
      case NUMBER ->
          types.contains("number") || (types.contains("integer") && isWholeNumber(value));
      default -> false;
    };
  }

  private static boolean isWholeNumber(JsonNode value) {
    return value.isIntegralNumber() || value.doubleValue() == Math.rint(value.doubleValue());
  }

  /** Returns the bound that a keyword sets, or else the other one. */
  static int bound(JsonNode schema, String keyword, int otherwise, String path) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return otherwise;
    }
    if (!value.canConvertToInt() || value.intValue() < 0 || value.intValue() > MOST_REPEATS) {
      throw refused(
          path, "has the " + keyword + " " + value + ", which is not in 0 to " + MOST_REPEATS);
    }
    return value.intValue();
  }
}
