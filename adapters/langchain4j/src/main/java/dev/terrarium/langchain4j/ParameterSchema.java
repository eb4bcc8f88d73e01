package dev.terrarium.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.model.chat.request.json.JsonAnyOfSchema;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonBooleanSchema;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonIntegerSchema;
import dev.langchain4j.model.chat.request.json.JsonNullSchema;
import dev.langchain4j.model.chat.request.json.JsonNumberSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import dev.terrarium.error.ModelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The schema of a tool's parameters in LangChain4j's own types, for providers that take no other.
 * What those types cannot say, such as a minimum, is added to the description. Definitions take the
 * place of the references to them. For one thread.
 */
final class ParameterSchema {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PREFIX = "#/$defs/";
  private static final Set<String> SAID =
      Set.of(
          "type",
          "title",
          "description",
          "properties",
          "required",
          "additionalProperties",
          "items",
          "enum",
          "anyOf",
          "oneOf",
          "$defs",
          "$schema",
          "$ref");

  private final String tool;
  private final JsonNode definitions;
  private final Deque<String> open = new ArrayDeque<>();

  private ParameterSchema(String tool, JsonNode definitions) {
    this.tool = tool;
    this.definitions = definitions;
  }

  /**
   * Translates a schema.
   *
   * @param tool the tool's name, for failures
   * @throws ModelException when the schema refers to itself, or has a part without a type
   */
  static JsonObjectSchema of(String tool, JsonNode schema) {
    return new ParameterSchema(tool, schema.path("$defs")).object(schema, said(schema));
  }

  private JsonSchemaElement element(JsonNode node) {
    if (node.has("$ref")) {
      return referred(node.get("$ref").asText());
    }
    JsonNode choices = node.has("anyOf") ? node.get("anyOf") : node.path("oneOf");
    String description = said(node);
    if (choices.isArray()) {
      return JsonAnyOfSchema.builder()
          .anyOf(StreamSupport.stream(choices.spliterator(), false).map(this::element).toList())
          .description(description)
          .build();
    }
    if (node.path("type").isArray()) {
      List<JsonSchemaElement> types = new ArrayList<>();
      for (JsonNode type : node.get("type")) {
        types.add(element(((ObjectNode) node.deepCopy()).set("type", type)));
      }
      return JsonAnyOfSchema.builder().anyOf(types).description(description).build();
    }
    if (node.path("enum").isArray() && areTexts(node.get("enum"))) {
      return JsonEnumSchema.builder()
          .enumValues(texts(node.get("enum")))
          .description(description)
          .build();
    }
    if (node.path("const").isTextual()) {
      return JsonEnumSchema.builder()
          .enumValues(node.get("const").asText())
          .description(description)
          .build();
    }
    return switch (node.path("type").asText()) {
      case "string" -> JsonStringSchema.builder().description(description).build();
      case "integer" -> JsonIntegerSchema.builder().description(description).build();
      case "number" -> JsonNumberSchema.builder().description(description).build();
      case "boolean" -> JsonBooleanSchema.builder().description(description).build();
      case "null" -> new JsonNullSchema();
      case "array" ->
          JsonArraySchema.builder()
              .items(node.has("items") ? element(node.get("items")) : new JsonStringSchema())
              .description(description)
              .build();
      case "object" -> object(node, description);
      default -> throw refused(tool, "have a part without a type: " + node);
    };
  }

  private JsonObjectSchema object(JsonNode node, @Nullable String description) {
    Map<String, JsonSchemaElement> properties = new LinkedHashMap<>();
    node.path("properties")
        .properties()
        .forEach(entry -> properties.put(entry.getKey(), element(entry.getValue())));
    return new JsonObjectSchema.Builder()
        .addProperties(properties)
        .required(texts(node.path("required")))
        .description(description)
        .build();
  }

  private JsonSchemaElement referred(String reference) {
    String name = reference.startsWith(PREFIX) ? reference.substring(PREFIX.length()) : "";
    JsonNode definition = definitions.path(name);
    if (definition.isMissingNode()) {
      throw refused(tool, "refer to " + reference + ", which is not there");
    }
    if (open.contains(name)) {
      throw refused(
          tool, "refer to themselves by " + reference + ", which the service does not take");
    }
    open.push(name);
    try {
      return element(definition);
    } finally {
      open.pop();
    }
  }

  /** Returns the description of a part, with all that has no place elsewhere; null without both. */
  private static @Nullable String said(JsonNode node) {
    ObjectNode rest = JSON.createObjectNode();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      boolean isTextual = entry.getKey().equals("const") && entry.getValue().isTextual();
      boolean ofNumbers = entry.getKey().equals("enum") && !areTexts(entry.getValue());
      if ((!SAID.contains(entry.getKey()) && !isTextual) || ofNumbers) {
        rest.set(entry.getKey(), entry.getValue());
      }
    }
    String description = node.path("description").asText();
    if (rest.isEmpty()) {
      return description.isEmpty() ? null : description;
    }
    return description.isEmpty() ? rest.toString() : description + " " + rest;
  }

  private static boolean areTexts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).allMatch(JsonNode::isTextual);
  }

  static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  /** Returns the exception for parameters that the service does not take. */
  static ModelException refused(String tool, String reason) {
    return Failures.refused("tools: the parameters of " + tool + " " + reason);
  }
}
