package dev.terrarium.llamacpp.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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

  /**
   * The maximum number of items of a list or map that the schema does not bound: a small model may
   * never end such a value by itself.
   */
  static final int MOST_ITEMS = 20;

  private final Gbnf grammar = new Gbnf();
  private final JsonScalars scalars = new JsonScalars(grammar);
  private final Map<String, String> references = new HashMap<>();

  /**
   * The references on the path to the current schema since the last text that the grammar makes.
   */
  private Set<String> open = new LinkedHashSet<>();

  private final JsonSchema document;

  private JsonGrammar(JsonSchema document) {
    this.document = document;
  }

  /**
   * Returns the grammar of a schema.
   *
   * @param schema JSON text
   * @throws ModelException when the text is not a JSON schema, or the schema has a keyword that
   *     cannot be enforced
   */
  public static String of(String schema) {
    JsonSchema document = JsonSchema.of(schema);
    JsonGrammar writer = new JsonGrammar(document);
    return writer.grammar.text(writer.rule(document.root(), "$"));
  }

  private String rule(JsonNode schema, String path) {
    return grammar.rule(expression(schema, path));
  }

  private String expression(JsonNode schema, String path) {
    if (schema.isBoolean() && schema.booleanValue()) {
      return scalars.any();
    }
    JsonSchema.checkSupported(schema, path);
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
      return expression(document.merged(schema, path), path + ".allOf");
    }
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      return types(schema, type, path);
    }
    return typed(
        schema, type.isTextual() ? type.textValue() : JsonSchema.impliedType(schema), path);
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
      default -> throw JsonSchema.refused(path, "has the unknown type '" + type + "'");
    };
  }

  private String types(JsonNode schema, JsonNode types, String path) {
    List<String> ways = new ArrayList<>();
    types.forEach(type -> ways.add(grammar.rule(typed(schema, type.asText(), path))));
    if (ways.isEmpty()) {
      throw JsonSchema.refused(path, "allows no type");
    }
    return String.join(" | ", ways);
  }

  private String reference(JsonNode schema, String path) {
    JsonSchema.checkReference(schema, path);
    String reference = schema.path("$ref").asText();
    if (open.contains(reference)) {
      throw JsonSchema.refused(path, "refers to nothing but itself");
    }
    String known = references.get(reference);
    if (known != null) {
      return known;
    }
    JsonNode target = document.target(reference, path);
    String name = grammar.reserve();
    references.put(reference, name);
    open.add(reference);
    grammar.define(name, expression(target, reference));
    open.remove(reference);
    return name;
  }

  private String enumeration(JsonNode schema, String path) {
    String keyword = schema.has("const") ? "const" : "enum";
    JsonSchema.checkBeside(schema, keyword, Set.of("type", "const", "enum"), path);
    JsonNode only = schema.path("const");
    Set<String> types = JsonSchema.typeNames(schema.path("type"));
    List<JsonNode> listed = new ArrayList<>();
    if (schema.has("enum")) {
      schema.path("enum").forEach(listed::add);
    } else {
      listed.add(only);
    }
    if (listed.isEmpty()) {
      throw JsonSchema.refused(path, "has an empty enum");
    }
    Set<String> ways = new LinkedHashSet<>();
    for (JsonNode value : listed) {
      if ((only.isMissingNode() || value.equals(only))
          && (types.isEmpty() || JsonSchema.isOfOne(types, value))) {
        ways.add(literal(value));
      }
    }
    if (ways.isEmpty()) {
      throw JsonSchema.refused(path, "allows no value of its " + keyword);
    }
    return String.join(" | ", ways);
  }

  private static String literal(JsonNode value) {
    return Gbnf.literal(value.toString());
  }

  private String alternatives(JsonNode schema, String path) {
    String keyword = schema.has("anyOf") ? "anyOf" : "oneOf";
    JsonSchema.checkBeside(schema, keyword, Set.of("type", keyword), path);
    Set<String> types = JsonSchema.typeNames(schema.path("type"));
    List<String> ways = new ArrayList<>();
    ModelException first = null;
    int index = 0;
    for (JsonNode alternative : schema.get(keyword)) {
      Map<String, String> rules = grammar.snapshot();
      Map<String, String> known = new HashMap<>(references);
      Set<String> here = new LinkedHashSet<>(open);
      String place = path + "." + keyword + "[" + index + "]";
      try {
        ways.add(rule(document.ofType(alternative, types, place), place));
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
      throw first == null ? JsonSchema.refused(path, "has an empty " + keyword) : first;
    }
    return String.join(" | ", ways);
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
        properties.put(
            name, others.isObject() ? others : JsonNodeFactory.instance.booleanNode(true));
      }
    }
    int min = JsonSchema.bound(schema, "minProperties", 0, path);
    int max = JsonSchema.bound(schema, "maxProperties", Math.max(MOST_ITEMS, min), path);
    if (min > max) {
      throw JsonSchema.refused(path, "has minProperties " + min + " above maxProperties " + max);
    }
    if (properties.isEmpty()) {
      return map(schema, others, min, max, path);
    }
    if (min > required.size() || (schema.has("maxProperties") && max < properties.size())) {
      throw JsonSchema.refused(path, "bounds the number of its properties, which is not supported");
    }
    return members(properties, required, path);
  }

  private String map(JsonNode schema, JsonNode others, int min, int max, String path) {
    if (others.isBoolean() && !others.booleanValue()) {
      if (min > 0) {
        throw JsonSchema.refused(path, "has minProperties " + min + " and allows no property");
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
    boolean says =
        JsonSchema.hasAny(names, "type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf");
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
          Gbnf.literal(JsonNodeFactory.instance.textNode(name) + ": ")
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
    int min = JsonSchema.bound(schema, "minItems", 0, path);
    int max = JsonSchema.bound(schema, "maxItems", Math.max(MOST_ITEMS, min), path);
    if (min > max) {
      throw JsonSchema.refused(path, "has minItems " + min + " above maxItems " + max);
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
      throw JsonSchema.refused(path, "has minItems " + min + " and no schema for as many");
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
}
