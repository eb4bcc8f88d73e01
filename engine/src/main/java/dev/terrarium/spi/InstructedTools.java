package dev.terrarium.spi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Role;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tool calls for models that have none of their own. The tools are described in the system message,
 * and a response schema holds the answer to JSON that is either a list of tool calls or the answer
 * itself. Stateless and thread-safe.
 *
 * <p>An answer with tools is streamed as one piece. A call's id is {@code call_} and its number in
 * the conversation, so that equal requests have equal answers.
 */
public final class InstructedTools {

  /** A model that has no tool calls of its own. */
  @FunctionalInterface
  public interface Plain
      extends BiFunction<ChatRequest, Consumer<ChatResponse.Chunk>, ChatResponse> {}

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CALLS = "tool_calls";
  private static final String NAME = "name";
  private static final String ARGUMENTS = "arguments";
  private static final String ANSWER = "answer";
  private static final String DEFINITIONS = "$defs";
  private static final String REFERENCE = "$ref";
  private static final int MOST_CALLS = 16;

  private InstructedTools() {}

  /** Returns the answer of a model, which gets the tools in the way that it takes. */
  public static ChatResponse chat(LanguageModel model, ChatRequest request) {
    return model.takesTools()
        ? model.chat(request)
        : stream(request, chunk -> {}, (plain, sink) -> model.chat(plain));
  }

  /** Returns the answer as {@link #chat} does, and passes on each piece when it is made. */
  public static ChatResponse stream(
      LanguageModel model, ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    return model.takesTools() ? model.stream(request, sink) : stream(request, sink, model::stream);
  }

  /**
   * Returns the answer of a model, which gets a request without tools, tool calls and their
   * results.
   *
   * @throws ModelException when a schema of the request is no JSON, or the answer is none that the
   *     response schema allows
   */
  public static ChatResponse stream(
      ChatRequest request, Consumer<ChatResponse.Chunk> sink, Plain model) {
    if (request.tools().isEmpty()
        && request.messages().stream().allMatch(InstructedTools::isPlain)) {
      return model.apply(request, sink);
    }
    boolean offered = !request.tools().isEmpty() && request.toolChoice() != ToolChoice.NONE;
    ChatRequest plain =
        request.toBuilder()
            .messages(messages(request, offered))
            .responseSchema(offered ? schema(request).toString() : request.responseSchema())
            .tools(List.of())
            .toolChoice(ToolChoice.AUTO)
            .parallelToolCalls(null)
            .build();
    if (!offered) {
      return model.apply(plain, sink);
    }
    ChatResponse response = read(request, model.apply(plain, chunk -> {}));
    response.passTo(sink);
    return response;
  }

  private static boolean isPlain(ChatMessage message) {
    return message.toolCalls().isEmpty() && message.role() != Role.TOOL;
  }

  private static List<ChatMessage> messages(ChatRequest request, boolean offered) {
    List<ChatMessage> messages = new ArrayList<>();
    for (ChatMessage message : request.messages()) {
      messages.add(
          switch (message.role()) {
            case TOOL -> ChatMessage.user(result(request.callOf(message), message.content()));
            case ASSISTANT ->
                message.toolCalls().isEmpty()
                    ? message
                    : ChatMessage.assistant(calls(message.toolCalls()));
            case SYSTEM, USER -> message;
          });
    }
    if (offered) {
      addInstructions(messages, instructions(request));
    }
    return messages;
  }

  private static void addInstructions(List<ChatMessage> messages, String instructions) {
    ChatMessage first = messages.getFirst();
    if (first.role() == Role.SYSTEM) {
      messages.set(0, ChatMessage.system(first.content() + "\n\n" + instructions));
    } else {
      messages.addFirst(ChatMessage.system(instructions));
    }
  }

  private static String instructions(ChatRequest request) {
    StringBuilder text = new StringBuilder("You can call these tools:\n");
    for (ToolDefinition tool : request.tools()) {
      text.append("- ").append(tool.name());
      if (!tool.description().isBlank()) {
        text.append(": ").append(tool.description().strip());
      }
      text.append("\n  arguments: ").append(tool.parameters().strip()).append('\n');
    }
    text.append(
        "To call tools, answer {\"tool_calls\": [{\"name\": ..., \"arguments\": {...}}]}; you will"
            + " get the results.");
    if (request.toolChoice() != ToolChoice.REQUIRED) {
      text.append(" When you know the answer, answer {\"answer\": ...}.");
    }
    return text.toString();
  }

  private static String calls(List<ToolCall> calls) {
    ObjectNode answer = JSON.createObjectNode();
    ArrayNode list = answer.putArray(CALLS);
    for (ToolCall call : calls) {
      list.addObject().put(NAME, call.name()).set(ARGUMENTS, parsed(call.arguments(), call.name()));
    }
    return answer.toString();
  }

  private static String result(ToolCall call, String result) {
    ObjectNode node = JSON.createObjectNode();
    node.putObject("tool_result").put(NAME, call.name()).put("result", result);
    return node.toString();
  }

  private static ObjectNode schema(ChatRequest request) {
    ObjectNode definitions = JSON.createObjectNode();
    ArrayNode alternatives = JSON.createArrayNode();
    ObjectNode calls = alternatives.addObject();
    ObjectNode list = closed(calls, CALLS).putObject(CALLS);
    list.put("type", "array").put("minItems", 1);
    list.put("maxItems", Boolean.FALSE.equals(request.parallelToolCalls()) ? 1 : MOST_CALLS);
    ArrayNode items = list.putObject("items").putArray("anyOf");
    for (ToolDefinition tool : request.tools()) {
      ObjectNode properties = closed(items.addObject(), NAME, ARGUMENTS);
      properties.putObject(NAME).put("const", tool.name());
      properties.set(ARGUMENTS, hoisted(tool.parameters(), tool.name(), definitions));
    }
    if (request.toolChoice() != ToolChoice.REQUIRED) {
      String schema = request.responseSchema();
      closed(alternatives.addObject(), ANSWER)
          .set(
              ANSWER,
              schema == null
                  ? JSON.createObjectNode().put("type", "string")
                  : hoisted(schema, ANSWER + ".", definitions));
    }
    ObjectNode root = JSON.createObjectNode();
    if (alternatives.size() == 1) {
      root.setAll((ObjectNode) alternatives.get(0));
    } else {
      root.set("anyOf", alternatives);
    }
    if (!definitions.isEmpty()) {
      root.set(DEFINITIONS, definitions);
    }
    return root;
  }

  /** Makes a node the schema of an object with these properties, and returns their node. */
  private static ObjectNode closed(ObjectNode node, String... required) {
    node.put("type", "object");
    ObjectNode properties = node.putObject("properties");
    ArrayNode names = node.putArray("required");
    for (String name : required) {
      names.add(name);
    }
    node.put("additionalProperties", false);
    return properties;
  }

  /** Returns a schema whose definitions have moved to those of the whole, under longer names. */
  private static JsonNode hoisted(String text, String owner, ObjectNode definitions) {
    JsonNode schema = parsed(text, owner);
    if (!(schema instanceof ObjectNode object)) {
      return schema;
    }
    String prefix = "#/" + DEFINITIONS + "/";
    String moved = prefix + owner + ".";
    for (JsonNode node : object.findParents(REFERENCE)) {
      String reference = node.get(REFERENCE).asText();
      if (reference.startsWith(prefix)) {
        ((ObjectNode) node).put(REFERENCE, moved + reference.substring(prefix.length()));
      } else if (reference.startsWith("#")) {
        throw refused(
            "the schema of " + owner + " refers to " + reference + ", which is not in its $defs");
      }
    }
    if (object.remove(DEFINITIONS) instanceof ObjectNode own) {
      own.properties()
          .forEach(entry -> definitions.set(owner + "." + entry.getKey(), entry.getValue()));
    }
    return object;
  }

  private static ChatResponse read(ChatRequest request, ChatResponse response) {
    if (response.finishReason() == FinishReason.LENGTH) {
      return response;
    }
    JsonNode root;
    try {
      root = JSON.readTree(response.text());
    } catch (JsonProcessingException e) {
      throw unreadable(response.text(), e);
    }
    if (root.path(CALLS) instanceof ArrayNode list && !list.isEmpty()) {
      return new ChatResponse(
          "",
          calls(request, list),
          response.reasoning(),
          FinishReason.TOOL_CALLS,
          response.usage(),
          response.time());
    }
    JsonNode answer = root.get(ANSWER);
    if (answer == null) {
      throw unreadable(response.text(), null);
    }
    return new ChatResponse(
        request.responseSchema() == null ? answer.asText() : answer.toString(),
        List.of(),
        response.reasoning(),
        FinishReason.STOP,
        response.usage(),
        response.time());
  }

  private static List<ToolCall> calls(ChatRequest request, ArrayNode list) {
    int number = 1;
    for (ChatMessage message : request.messages()) {
      number += message.toolCalls().size();
    }
    List<ToolCall> calls = new ArrayList<>();
    for (JsonNode call : list) {
      calls.add(
          new ToolCall(
              "call_" + number++,
              call.path(NAME).asText(),
              call.path(ARGUMENTS).isObject() ? call.get(ARGUMENTS).toString() : "{}"));
    }
    return calls;
  }

  private static JsonNode parsed(String text, String owner) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw refused(owner + ": is no JSON: " + e.getOriginalMessage());
    }
  }

  private static ModelException refused(String message) {
    return new ModelException(Kind.INVALID_REQUEST, "tools: " + message, null);
  }

  private static ModelException unreadable(String text, @Nullable Throwable cause) {
    return new ModelException(
        Kind.BAD_RESPONSE,
        "The language model was to call tools or to answer in JSON, and wrote: "
            + text.substring(0, Math.min(text.length(), 200)),
        cause);
  }
}
