package dev.terrarium.internal.model;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Media;
import dev.terrarium.model.ChatMessage.Role;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** Requests that differ in one component each, and answers of each kind. */
final class Samples {

  private static final Media IMAGE = Media.of("image/png", new byte[] {1});
  private static final ToolCall CALL = new ToolCall("1", "tool", "{}");
  private static final ToolDefinition TOOL = new ToolDefinition("tool", "text", "{}");

  private Samples() {}

  /** A request, and one that differs in a component of it or of a record in it. */
  record Variant(String component, ChatRequest value, ChatRequest changed) {}

  static List<Variant> ofRequests() {
    Map<String, UnaryOperator<ChatRequest.Builder>> requests = new LinkedHashMap<>();
    requests.put("messages", request -> request.message(ChatMessage.user("more")));
    requests.put("responseSchema", request -> request.responseSchema("{\"a\": 1}"));
    requests.put("stop", request -> request.stop(List.of("b")));
    requests.put("temperature", request -> request.temperature(0.25));
    requests.put("topP", request -> request.topP(0.25));
    requests.put("maxTokens", request -> request.maxTokens(null));
    requests.put("seed", request -> request.seed(8L));
    requests.put("reasoningEffort", request -> request.reasoningEffort("high"));
    requests.put("tools", request -> request.tools(List.of()));
    requests.put("toolChoice", request -> request.toolChoice(ToolChoice.REQUIRED));
    requests.put("parallelToolCalls", request -> request.parallelToolCalls(false));
    Map<String, ChatMessage> messages = new LinkedHashMap<>();
    messages.put("ChatMessage.role", ChatMessage.system("text"));
    messages.put("ChatMessage.content", ChatMessage.user("other"));
    messages.put("ChatMessage.media", looking(IMAGE));
    List<Variant> variants = new ArrayList<>();
    requests.forEach(
        (component, change) ->
            variants.add(
                new Variant(
                    "ChatRequest." + component, base().build(), change.apply(base()).build())));
    messages.forEach(
        (component, message) ->
            variants.add(variant(component, ChatMessage.user("text"), message)));
    variants.add(
        variant("Media.mimeType", looking(IMAGE), looking(Media.of("image/gif", new byte[] {1}))));
    variants.add(
        variant("Media.base64", looking(IMAGE), looking(Media.of("image/png", new byte[] {2}))));
    variants.add(variant("Media.url", looking(at("a")), looking(at("b"))));
    variants.add(variant("ChatMessage.toolCalls", calling(CALL), calling(CALL, CALL)));
    variants.add(variant("ToolCall.id", calling(CALL), calling(new ToolCall("2", "tool", "{}"))));
    variants.add(variant("ToolCall.name", calling(CALL), calling(new ToolCall("1", "b", "{}"))));
    variants.add(
        variant("ToolCall.arguments", calling(CALL), calling(new ToolCall("1", "tool", "{ }"))));
    variants.add(
        new Variant("ChatMessage.toolCallId", answering("1").build(), answering("2").build()));
    variants.add(tool("name", new ToolDefinition("b", "text", "{}")));
    variants.add(tool("description", new ToolDefinition("tool", "other", "{}")));
    variants.add(tool("parameters", new ToolDefinition("tool", "text", "{ }")));
    return variants;
  }

  private static ChatRequest.Builder base() {
    return ChatRequest.builder()
        .message(ChatMessage.user("text"))
        .responseSchema("{}")
        .stop(List.of("a"))
        .temperature(0.5)
        .topP(0.5)
        .maxTokens(5)
        .seed(7L)
        .reasoningEffort("low")
        .tools(List.of(TOOL))
        .parallelToolCalls(true);
  }

  private static ChatMessage looking(Media media) {
    return ChatMessage.user("text", List.of(media));
  }

  private static Media at(String path) {
    return Media.at("image/png", URI.create("https://example.org/" + path));
  }

  private static ChatMessage calling(ToolCall... calls) {
    return ChatMessage.assistant("", List.of(calls));
  }

  private static ChatRequest.Builder answering(String id) {
    return base()
        .message(calling(CALL, new ToolCall("2", "tool", "{}")))
        .message(new ChatMessage(Role.TOOL, "text", List.of(), List.of(), id));
  }

  private static Variant variant(String component, ChatMessage message, ChatMessage changed) {
    return new Variant(component, base().message(message).build(), base().message(changed).build());
  }

  private static Variant tool(String component, ToolDefinition changed) {
    return new Variant(
        "ToolDefinition." + component, base().build(), base().tools(List.of(changed)).build());
  }

  /** Returns the components of a record and of all records in it, such as {@code Media.url}. */
  static Set<String> components(Class<?> type) {
    Set<String> names = new TreeSet<>();
    for (RecordComponent component : type.getRecordComponents()) {
      names.add(type.getSimpleName() + "." + component.getName());
      Type inner = component.getGenericType();
      if (inner instanceof ParameterizedType generic) {
        inner = generic.getActualTypeArguments()[0];
      }
      if (inner instanceof Class<?> nested && nested.isRecord()) {
        names.addAll(components(nested));
      }
    }
    return names;
  }

  /** Returns answers that differ in what can be in them. */
  static List<ChatResponse> ofAnswers() {
    TokenUsage usage = new TokenUsage(5, 2, 1, 1);
    Duration time = Duration.ofMillis(5);
    return List.of(
        new ChatResponse("text", FinishReason.STOP, usage, time),
        new ChatResponse("te", FinishReason.LENGTH, usage, time),
        new ChatResponse("", List.of(CALL), null, FinishReason.TOOL_CALLS, usage, time),
        new ChatResponse("text", List.of(), "reason", FinishReason.STOP, usage, time));
  }
}
