package dev.terrarium.llamacpp;

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
 * A JSON schema as grammar for llama.cpp. Not thread-safe; used once.
 *
 * <p>What the grammar makes conforms to the schema, and it has no choice where choice is a trap for
 * a small model: white space is that of {@code {"a": 1, "b": [2, 3]}}, numbers have bounded length,
 * lists without {@code maxItems} at most 20 items. It makes less than the schema allows: properties
 * come in the schema's order, and none that it does not name unless it names none at all. {@code
 * uniqueItems}, unknown formats and the exclusiveness of {@code oneOf} are not enforced; of
 * alternatives, those that cannot be enforced are left out. Anything else that cannot be enforced
 * is refused.
 */
final class JsonGrammar {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final int MOST_REPEATS = 2000;

  /** Of a list that the schema does not bound: a small model may never end one by itself. */
  private static final int MOST_ITEMS = 20;

  /** Keywords that only describe. */
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

  private final Gbnf grammar = new Gbnf();
  private final JsonScalars scalars = new JsonScalars(grammar);
  private final Map<String, String> references = new HashMap<>();

  /** References on the way to here since the last text that the grammar makes. */
  private Set<String> open = new LinkedHashSet<>();

  private final JsonNode root;

  private JsonGrammar(JsonNode root) {
    this.root = root;
  }

  /**
   * @param schema JSON text
   * @throws ModelException when it is no JSON schema, or asks for what cannot be enforced
   */
  static String of(String schema) {
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
    if (!schema.isObject()) {
      throw refused(path, schema.isBoolean() ? "allows nothing" : "is not a schema");
    }
    for (String keyword : UNSUPPORTED) {
      if (schema.has(keyword)) {
        throw refused(path, "has the keyword '" + keyword + "', which is not supported");
      }
    }
    if (schema.has("$ref")) {
      return reference(schema, path);
    }
    if (schema.has("const")) {
      return literal(schema.get("const"));
    }
    if (schema.has("enum")) {
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
    Set<String> ways = new LinkedHashSet<>();
    schema.get("enum").forEach(value -> ways.add(literal(value)));
    if (ways.isEmpty()) {
      throw refused(path, "has an empty enum");
    }
    return String.join(" | ", ways);
  }

  private static String literal(JsonNode value) {
    return Gbnf.literal(value.toString());
  }

  private String alternatives(JsonNode schema, String path) {
    String keyword = schema.has("anyOf") ? "anyOf" : "oneOf";
    List<String> ways = new ArrayList<>();
    ModelException first = null;
    int index = 0;
    for (JsonNode alternative : schema.get(keyword)) {
      Map<String, String> rules = grammar.snapshot();
      Map<String, String> known = new HashMap<>(references);
      Set<String> here = new LinkedHashSet<>(open);
      try {
        ways.add(rule(alternative, path + "." + keyword + "[" + index + "]"));
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

  /** Schemas of objects, all of which hold, as one. */
  private JsonNode merged(JsonNode schema, String path) {
    JsonNode all = schema.get("allOf");
    boolean alone = true;
    for (var field : schema.properties()) {
      alone &= field.getKey().equals("allOf") || ANNOTATIONS.contains(field.getKey());
    }
    if (all.size() == 1 && alone) {
      return all.get(0);
    }
    List<JsonNode> parts = new ArrayList<>();
    all.forEach(parts::add);
    if (!alone) {
      ObjectNode rest = schema.deepCopy();
      rest.remove("allOf");
      parts.add(rest);
    }
    ObjectNode whole = JSON.createObjectNode().put("type", "object");
    ObjectNode properties = whole.putObject("properties");
    Set<String> required = new LinkedHashSet<>();
    for (JsonNode part : parts) {
      JsonNode object = part.has("$ref") ? target(part.get("$ref").asText(), path) : part;
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
      object.path("required").forEach(name -> required.add(name.asText()));
    }
    required.forEach(whole.putArray("required")::add);
    return whole;
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
    int max = bound(schema, "maxProperties", Gbnf.UNBOUNDED, path);
    if (properties.isEmpty()) {
      return map(schema, others, min, max, path);
    }
    if (min > required.size() || max < properties.size()) {
      throw refused(path, "bounds the number of its properties, which is not supported");
    }
    return members(properties, required, path);
  }

  private String map(JsonNode schema, JsonNode others, int min, int max, String path) {
    if (others.isBoolean() && !others.booleanValue()) {
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

  /** A schema of names does not have to say that they are strings. */
  private String key(JsonNode names, String path) {
    boolean says = hasAny(names, "type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf");
    return says ? rule(names, path) : grammar.rule(scalars.string(names, path));
  }

  /**
   * Members in their order. A rule for each place says what may follow: with a comma when something
   * stands before it, without when nothing does.
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
    JsonNode items = schema.path("items");
    List<String> prefix = new ArrayList<>();
    for (JsonNode item : schema.path("prefixItems")) {
      if (prefix.size() < max) {
        prefix.add(rule(item, path + ".prefixItems[" + prefix.size() + "]"));
      }
    }
    int before = prefix.size();
    boolean more =
        before == 0 ? !items.isBoolean() || items.booleanValue() : items.isObject() || min > before;
    int most = more ? Math.max(0, max - before) : 0;
    String head = String.join(" \", \" ", prefix);
    if (most == 0) {
      return "\"[\" " + head + " \"]\"";
    }
    String item = items.isObject() ? rule(items, path + ".items") : grammar.rule(scalars.any());
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
