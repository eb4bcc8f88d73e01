package dev.terrarium.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Translates tools and tool calls for LangChain4j and back. Immutable.
 *
 * <p>A call whose service names none gets an id: {@code call_} and its number in the conversation.
 * Gemini signs its tool calls, and wants the signature back with the results; the first call's id
 * carries it.
 *
 * @param before the number of tool calls in the conversation so far
 */
record ToolCalls(int before) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SIGNATURE = "thinking_signature";
  private static final String SIGNATURE_MARK = "__signature__";

  /** What a schema of parameters may say at its root: the parts of {@link JsonObjectSchema}. */
  private static final Set<String> ROOT =
      Set.of(
          "type",
          "description",
          "properties",
          "required",
          "additionalProperties",
          "$defs",
          "title",
          "$schema");

  static ToolCalls after(ChatRequest request) {
    return new ToolCalls(
        request.messages().stream().mapToInt(message -> message.toolCalls().size()).sum());
  }

  /**
   * Translates tools.
   *
   * @param anySchema whether the provider's client takes any schema for a parameter
   * @throws ModelException when the parameters of a tool are no schema of an object
   */
  static List<ToolSpecification> specifications(List<ToolDefinition> tools, boolean anySchema) {
    return tools.stream()
        .map(
            tool ->
                ToolSpecification.builder()
                    .name(tool.name())
                    .description(tool.description().isBlank() ? null : tool.description())
                    .parameters(parameters(tool, anySchema))
                    .build())
        .toList();
  }

  private static JsonObjectSchema parameters(ToolDefinition tool, boolean anySchema) {
    JsonNode schema;
    try {
      schema = JSON.readTree(tool.parameters());
    } catch (JsonProcessingException e) {
      throw ParameterSchema.refused(tool.name(), "are no JSON: " + e.getOriginalMessage());
    }
    if (!schema.isObject() || !schema.path("type").asText("object").equals("object")) {
      throw ParameterSchema.refused(
          tool.name(), "are no schema of an object: " + tool.parameters());
    }
    Set<String> unknown = new TreeSet<>();
    schema.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(ROOT);
    if (!unknown.isEmpty()) {
      throw ParameterSchema.refused(
          tool.name(),
          "have " + String.join(", ", unknown) + " at the root, which services do not take");
    }
    if (!anySchema) {
      return ParameterSchema.of(tool.name(), schema);
    }
    JsonObjectSchema.Builder builder =
        new JsonObjectSchema.Builder()
            .addProperties(elements(schema.path("properties")))
            .required(ParameterSchema.texts(schema.path("required")));
    if (schema.hasNonNull("description")) {
      builder.description(schema.get("description").asText());
    }
    if (schema.path("additionalProperties").isBoolean()) {
      builder.additionalProperties(schema.get("additionalProperties").asBoolean());
    }
    if (schema.has("$defs")) {
      builder.definitions(elements(schema.get("$defs")));
    }
    return builder.build();
  }

  private static Map<String, JsonSchemaElement> elements(JsonNode node) {
    Map<String, JsonSchemaElement> elements = new LinkedHashMap<>();
    node.properties()
        .forEach(
            entry -> elements.put(entry.getKey(), JsonRawSchema.from(entry.getValue().toString())));
    return elements;
  }

  /** Returns the tool calls of an answer. */
  List<ToolCall> read(AiMessage message) {
    List<ToolCall> calls = new ArrayList<>();
    String signature = message.attribute(SIGNATURE, String.class);
    for (ToolExecutionRequest request : message.toolExecutionRequests()) {
      int index = calls.size();
      String id = id(index, request.id());
      calls.add(
          new ToolCall(
              index == 0 && signature != null ? id + SIGNATURE_MARK + signature : id,
              request.name(),
              request.arguments() == null || request.arguments().isBlank()
                  ? "{}"
                  : request.arguments()));
    }
    return calls;
  }

  /**
   * Returns the id of a call.
   *
   * @param index which of the answer's tool calls, from 0
   * @param given the service's id; null or blank when it names none
   */
  String id(int index, @Nullable String given) {
    return given == null || given.isBlank() ? "call_" + (before + index + 1) : given;
  }

  /** Returns the id that the service knows. */
  static String plainId(ToolCall call) {
    int mark = call.id().indexOf(SIGNATURE_MARK);
    return mark < 0 ? call.id() : call.id().substring(0, mark);
  }

  /** Returns the attributes of the message that had these calls, when there are any. */
  static Optional<Map<String, Object>> attributes(List<ToolCall> calls) {
    String id = calls.getFirst().id();
    int mark = id.indexOf(SIGNATURE_MARK);
    return mark < 0
        ? Optional.empty()
        : Optional.of(Map.of(SIGNATURE, id.substring(mark + SIGNATURE_MARK.length())));
  }
}
