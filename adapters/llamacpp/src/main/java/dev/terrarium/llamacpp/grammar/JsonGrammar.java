package dev.terrarium.llamacpp.grammar;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.terrarium.error.ModelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A grammar for llama.cpp, made from a JSON schema. Not thread-safe; used once.
 *
 * <p>The texts that the grammar makes conform to the schema, and the grammar leaves no choice where
 * choice is a trap for a small model: white space is that of {@code {"a": 1, "b": [2, 3]}}, numbers
 * have bounded length, lists without {@code maxItems} have at most 20 items, and maps without
 * {@code maxProperties} as many. The grammar makes less than the schema allows: properties come in
 * the schema's order, and properties that the schema does not name are made only if it names none
 * at all. {@code uniqueItems}, unknown formats and the exclusiveness of {@code oneOf} are not
 * enforced; alternatives that cannot be enforced are left out. A schema with anything else that
 * cannot be enforced is refused.
 */
public final class JsonGrammar {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final int MOST_REPEATS = 2000;

  /**
   * The maximum number of items of a list or map that the schema does not bound: a small model may
   * never end such a value by itself.
   */
  static final int MOST_ITEMS = 20;

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

  private final Gbnf grammar = new Gbnf();
  private final JsonScalars scalars = new JsonScalars(grammar);
  private final Map<String, String> references = new HashMap<>();

  /**
   * The references on the path to the current schema since the last text that the grammar makes.
   */
  private Set<String> open = new LinkedHashSet<>();

  private final JsonNode root;

  private JsonGrammar(JsonNode root) {
    this.root = root;
  }

  /**
   * Returns the grammar of a schema.
   *
   * @param schema JSON text
   * @throws ModelException when the text is not a JSON schema, or the schema has a keyword that
   *     cannot be enforced
   */
  public static String of(String schema) {
    JsonNode node;
    try {
      node = JSON.readTree(schema);
    } catch (JsonProcessingException e) {
      throw new ModelException("The response schema is not JSON: " + e.getOriginalMessage(), e);
    }
    JsonGrammar converter = new JsonGrammar(node);
    return converter.grammar.text(converter.rule(node, "$"));
  }

  static ModelException refused(String path, String why) {
    return new ModelException("The response schema cannot be enforced: " + path + " " + why + ".");
  }

  private String rule(JsonNode schema, String path) {
    return grammar.rule(expression(schema, path));
  }

  private String expression(JsonNode schema, String path) {
    if (schema.isBoolean() && schema.booleanValue()) {
      return scalars.any();
    }
    checkSupported(schema, path);
    if (schema.has("$ref")) {
      return reference(schema, path);
    }
    if (schema.has("const") || schema.has("enum")) {
      return enumeration(schema, path);
    }
    if (schema.has("anyOf") || schema.has("oneOf")) {
      return alternatives(schema, path);
    }
    if (schema.has("allOf")) {
      return expression(merged(schema, path), path + ".allOf");
    }
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      return types(schema, type, path);
    }
    return typed(schema, type.isTextual() ? type.textValue() : impliedType(schema), path);
  }

  private static void checkSupported(JsonNode schema, String path) {
    if (!schema.isObject()) {
      throw refused(path, schema.isBoolean() ? "allows nothing" : "is not a schema");
    }
    for (String keyword : UNSUPPORTED) {
      if (schema.has(keyword)) {
        throw refused(path, "has the keyword '" + keyword + "', which is not supported");
      }
    }
  }

  /** Refuses a keyword that stands beside another keyword and would be ignored. */
  private static void checkBeside(
      JsonNode schema, String keyword, Set<String> heeded, String path) {
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

  private static String impliedType(JsonNode schema) {
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

  private String typed(JsonNode schema, String type, String path) {
    return switch (type) {
      case "object", "array" -> {
        Set<String> outside = open;
        open = new LinkedHashSet<>();
        String body = type.equals("object") ? object(schema, path) : array(schema, path);
        open = outside;
        yield body;
      }
      case "string" -> scalars.string(schema, path);
      case "integer" -> scalars.integer(schema, path);
      case "number" -> scalars.number(schema, path);
      case "boolean" -> scalars.bool();
      case "null" -> "\"null\"";
      case "" -> scalars.any();
      default -> throw refused(path, "has the unknown type '" + type + "'");
    };
  }

  private String types(JsonNode schema, JsonNode types, String path) {
    List<String> ways = new ArrayList<>();
    types.forEach(type -> ways.add(grammar.rule(typed(schema, type.asText(), path))));
    if (ways.isEmpty()) {
      throw refused(path, "allows no type");
    }
    return String.join(" | ", ways);
  }

  private String reference(JsonNode schema, String path) {
    for (var field : schema.properties()) {
      if (!field.getKey().equals("$ref") && !ANNOTATIONS.contains(field.getKey())) {
        throw refused(path, "has '" + field.getKey() + "' beside '$ref', which is not supported");
      }
    }
    String reference = schema.path("$ref").asText();
    if (open.contains(reference)) {
      throw refused(path, "refers to nothing but itself");
    }
    String known = references.get(reference);
    if (known != null) {
      return known;
    }
    JsonNode target = target(reference, path);
    String name = grammar.reserve();
    references.put(reference, name);
    open.add(reference);
    grammar.define(name, expression(target, reference));
    open.remove(reference);
    return name;
  }

  private JsonNode target(String reference, String path) {
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

  private String enumeration(JsonNode schema, String path) {
    String keyword = schema.has("const") ? "const" : "enum";
    checkBeside(schema, keyword, Set.of("type", "const", "enum"), path);
    JsonNode only = schema.path("const");
    Set<String> types = typeNames(schema.path("type"));
    List<JsonNode> listed = new ArrayList<>();
    if (schema.has("enum")) {
      schema.path("enum").forEach(listed::add);
    } else {
      listed.add(only);
    }
    if (listed.isEmpty()) {
      throw refused(path, "has an empty enum");
    }
    Set<String> ways = new LinkedHashSet<>();
    for (JsonNode value : listed) {
      if ((only.isMissingNode() || value.equals(only))
          && (types.isEmpty() || isOfOne(types, value))) {
        ways.add(literal(value));
      }
    }
    if (ways.isEmpty()) {
      throw refused(path, "allows no value of its " + keyword);
    }
    return String.join(" | ", ways);
  }

  /** Returns the names of types; empty when the schema names none. */
  private static Set<String> typeNames(JsonNode type) {
    Set<String> names = new LinkedHashSet<>();
    if (type.isTextual()) {
      names.add(type.asText());
    }
    type.forEach(name -> names.add(name.asText()));
    return names;
  }

  private static boolean isOfOne(Set<String> types, JsonNode value) {
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

  private static String literal(JsonNode value) {
    return Gbnf.literal(value.toString());
  }

  private String alternatives(JsonNode schema, String path) {
    String keyword = schema.has("anyOf") ? "anyOf" : "oneOf";
    checkBeside(schema, keyword, Set.of("type", keyword), path);
    Set<String> types = typeNames(schema.path("type"));
    List<String> ways = new ArrayList<>();
    ModelException first = null;
    int index = 0;
    for (JsonNode alternative : schema.get(keyword)) {
      Map<String, String> rules = grammar.snapshot();
      Map<String, String> known = new HashMap<>(references);
      Set<String> here = new LinkedHashSet<>(open);
      String place = path + "." + keyword + "[" + index + "]";
      try {
        ways.add(rule(ofType(alternative, types, place), place));
      } catch (ModelException e) {
        grammar.restore(rules);
        references.clear();
        references.putAll(known);
        open = here;
        first = first == null ? e : first;
      }
      index++;
    }
    if (ways.isEmpty()) {
      throw first == null ? refused(path, "has an empty " + keyword) : first;
    }
    return String.join(" | ", ways);
  }

  /**
   * Returns an alternative, restricted to the types that stand beside the alternatives, if there
   * are any.
   */
  private JsonNode ofType(JsonNode alternative, Set<String> types, String path) {
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

  /** Returns the union of schemas of objects, all of which hold. */
  private JsonNode merged(JsonNode schema, String path) {
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

  private String object(JsonNode schema, String path) {
    Set<String> required = new LinkedHashSet<>();
    schema.path("required").forEach(name -> required.add(name.asText()));
    Map<String, JsonNode> properties = new LinkedHashMap<>();
    schema
        .path("properties")
        .properties()
        .forEach(property -> properties.put(property.getKey(), property.getValue()));
    JsonNode others = schema.path("additionalProperties");
    for (String name : required) {
      if (!properties.containsKey(name)) {
        properties.put(name, others.isObject() ? others : JSON.getNodeFactory().booleanNode(true));
      }
    }
    int min = bound(schema, "minProperties", 0, path);
    int max = bound(schema, "maxProperties", Math.max(MOST_ITEMS, min), path);
    if (min > max) {
      throw refused(path, "has minProperties " + min + " above maxProperties " + max);
    }
    if (properties.isEmpty()) {
      return map(schema, others, min, max, path);
    }
    if (min > required.size() || (schema.has("maxProperties") && max < properties.size())) {
      throw refused(path, "bounds the number of its properties, which is not supported");
    }
    return members(properties, required, path);
  }

  private String map(JsonNode schema, JsonNode others, int min, int max, String path) {
    if (others.isBoolean() && !others.booleanValue()) {
      if (min > 0) {
        throw refused(path, "has minProperties " + min + " and allows no property");
      }
      return "\"{}\"";
    }
    String key =
        schema.has("propertyNames")
            ? key(schema.get("propertyNames"), path + ".propertyNames")
            : scalars.string();
    String value =
        others.isObject()
            ? rule(others, path + ".additionalProperties")
            : grammar.rule(scalars.any());
    String member = grammar.rule(key + " \": \" " + value);
    return "\"{\" " + Gbnf.repeat(member, "\", \"", min, max) + " \"}\"";
  }

  /** Returns the grammar of a key; a schema of names does not have to say that they are strings. */
  private String key(JsonNode names, String path) {
    boolean says = hasAny(names, "type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf");
    return says ? rule(names, path) : grammar.rule(scalars.string(names, path));
  }

  /**
   * Returns the grammar of members in their order. A rule for each position says what may follow:
   * with a comma when a member stands before it, without a comma when none does.
   */
  private String members(Map<String, JsonNode> properties, Set<String> required, String path) {
    List<Map.Entry<String, JsonNode>> list = List.copyOf(properties.entrySet());
    String first = "";
    String further = "";
    for (int i = list.size() - 1; i >= 0; i--) {
      String name = list.get(i).getKey();
      String member =
          Gbnf.literal(JSON.getNodeFactory().textNode(name) + ": ")
              + " "
              + rule(list.get(i).getValue(), path + ".properties." + name);
      String withRest = member + (further.isEmpty() ? "" : " " + further);
      if (required.contains(name)) {
        first = grammar.rule(withRest);
        further = grammar.rule("\", \" " + withRest);
      } else {
        first =
            first.isEmpty()
                ? grammar.rule("(" + withRest + ")?")
                : grammar.rule(withRest + " | " + first);
        further =
            grammar.rule("(\", \" " + member + ")?" + (further.isEmpty() ? "" : " " + further));
      }
    }
    return "\"{\" " + first + " \"}\"";
  }

  private String array(JsonNode schema, String path) {
    int min = bound(schema, "minItems", 0, path);
    int max = bound(schema, "maxItems", Math.max(MOST_ITEMS, min), path);
    if (min > max) {
      throw refused(path, "has minItems " + min + " above maxItems " + max);
    }
    boolean tuple = schema.path("items").isArray(); // the form before prefixItems existed
    String first = tuple ? "items" : "prefixItems";
    String further = tuple ? "additionalItems" : "items";
    JsonNode items = schema.path(further);
    List<String> prefix = new ArrayList<>();
    for (JsonNode item : schema.path(first)) {
      if (prefix.size() < max) {
        prefix.add(rule(item, path + "." + first + "[" + prefix.size() + "]"));
      }
    }
    int before = prefix.size();
    if (min > before && items.isBoolean() && !items.booleanValue()) {
      throw refused(path, "has minItems " + min + " and no schema for as many");
    }
    boolean more =
        before == 0 ? !items.isBoolean() || items.booleanValue() : items.isObject() || min > before;
    int most = more ? Math.max(0, max - before) : 0;
    String head = String.join(" \", \" ", prefix);
    if (most == 0) {
      return "\"[\" " + head + " \"]\"";
    }
    String item =
        items.isObject() ? rule(items, path + "." + further) : grammar.rule(scalars.any());
    int least = Math.max(0, min - before);
    String rest =
        before == 0
            ? Gbnf.repeat(item, "\", \"", least, most)
            : " " + Gbnf.repeat("(\", \" " + item + ")", least, most);
    return "\"[\" " + head + rest + " \"]\"";
  }

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
