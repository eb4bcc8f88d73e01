package dev.terrarium.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a service says over HTTP, for each provider. */
enum Wire {
  OPENAI("gpt-5-mini", "/chat/completions", "text/event-stream"),
  ANTHROPIC("claude-sonnet-4-5", "/messages", "text/event-stream"),
  OLLAMA("llama3.2:1b", "/api/chat", "application/x-ndjson"),
  MISTRAL("mistral-small", "/chat/completions", "text/event-stream"),
  GEMINI("gemini-2.5-flash", "/models/gemini-2.5-flash:.*", "text/event-stream"),
  BEDROCK(
      "eu.amazon.nova-micro-v1:0",
      "/model/eu.amazon.nova-micro-v1%3A0/converse(-stream)?",
      "application/vnd.amazon.eventstream");

  /** The environment of all models. */
  static final Map<String, String> ENVIRONMENT = Map.of("AWS_REGION", "eu-central-1");

  private static final ObjectMapper JSON = new ObjectMapper();

  final String model;
  final String path;
  final String streamType;

  Wire(String model, String path, String streamType) {
    this.model = model;
    this.path = path;
    this.streamType = streamType;
  }

  String provider() {
    return Provider.valueOf(name()).id();
  }

  String spec(String url) {
    return provider() + ":" + model + "@" + url;
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the bytes of a body. */
  byte[] bytes(String body) {
    return body.getBytes(this == BEDROCK ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
  }

  /** The whole answer, of 5 tokens read and 2 written. */
  String whole(String text, boolean cutByLimit) {
    return switch (this) {
      case OPENAI, MISTRAL ->
          json(
              Map.of(
                  "id",
                  "1",
                  "model",
                  model,
                  "choices",
                  List.of(
                      Map.of(
                          "index",
                          0,
                          "message",
                          Map.of("role", "assistant", "content", text),
                          "finish_reason",
                          cutByLimit ? "length" : "stop")),
                  "usage",
                  Map.of("prompt_tokens", 5, "completion_tokens", 2, "total_tokens", 7)));
      case ANTHROPIC ->
          json(
              Map.of(
                  "id",
                  "1",
                  "type",
                  "message",
                  "role",
                  "assistant",
                  "model",
                  model,
                  "content",
                  List.of(Map.of("type", "text", "text", text)),
                  "stop_reason",
                  cutByLimit ? "max_tokens" : "end_turn",
                  "usage",
                  Map.of("input_tokens", 5, "output_tokens", 2)));
      case OLLAMA ->
          json(
              Map.of(
                  "model",
                  model,
                  "message",
                  Map.of("role", "assistant", "content", text),
                  "done",
                  true,
                  "done_reason",
                  cutByLimit ? "length" : "stop",
                  "prompt_eval_count",
                  5,
                  "eval_count",
                  2));
      case GEMINI -> gemini(text, cutByLimit ? "MAX_TOKENS" : "STOP");
      case BEDROCK ->
          json(
              Map.of(
                  "output",
                  Map.of(
                      "message",
                      Map.of("role", "assistant", "content", List.of(Map.of("text", text)))),
                  "stopReason",
                  cutByLimit ? "max_tokens" : "end_turn",
                  "usage",
                  Map.of("inputTokens", 5, "outputTokens", 2, "totalTokens", 7),
                  "metrics",
                  Map.of("latencyMs", 9)));
    };
  }

  private String gemini(String text, String finish) {
    return json(
        Map.of(
            "candidates",
            List.of(
                finish.isEmpty()
                    ? Map.of("content", geminiContent(text))
                    : Map.of("content", geminiContent(text), "finishReason", finish)),
            "usageMetadata",
            Map.of("promptTokenCount", 5, "candidatesTokenCount", 2, "totalTokenCount", 7),
            "modelVersion",
            model));
  }

  private static Map<String, Object> geminiContent(String text) {
    return Map.of("role", "model", "parts", List.of(Map.of("text", text)));
  }

  /** A streamed answer of some pieces. */
  String stream(String... pieces) {
    return begin(pieces) + end();
  }

  /** A streamed answer without its end. */
  String begin(String... pieces) {
    String begin =
        this == BEDROCK
            ? EventStream.event("messageStart", "{\"role\": \"assistant\"}")
            : this == ANTHROPIC
                ? event(
                        "message_start",
                        Map.of(
                            "type",
                            "message_start",
                            "message",
                            Map.of(
                                "id",
                                "1",
                                "type",
                                "message",
                                "role",
                                "assistant",
                                "model",
                                model,
                                "content",
                                List.of(),
                                "usage",
                                Map.of("input_tokens", 5, "output_tokens", 1))))
                    + event(
                        "content_block_start",
                        Map.of(
                            "type",
                            "content_block_start",
                            "index",
                            0,
                            "content_block",
                            Map.of("type", "text", "text", "")))
                : "";
    return begin + List.of(pieces).stream().map(this::piece).collect(Collectors.joining());
  }

  private String piece(String text) {
    return switch (this) {
      case OPENAI, MISTRAL ->
          data(
              Map.of(
                  "id",
                  "1",
                  "model",
                  model,
                  "choices",
                  List.of(Map.of("index", 0, "delta", Map.of("content", text)))));
      case ANTHROPIC ->
          event(
              "content_block_delta",
              Map.of(
                  "type",
                  "content_block_delta",
                  "index",
                  0,
                  "delta",
                  Map.of("type", "text_delta", "text", text)));
      case OLLAMA ->
          json(
                  Map.of(
                      "model",
                      model,
                      "message",
                      Map.of("role", "assistant", "content", text),
                      "done",
                      false))
              + "\n";
      case GEMINI -> "data: " + gemini(text, "") + "\n\n";
      case BEDROCK ->
          EventStream.event(
              "contentBlockDelta",
              json(Map.of("contentBlockIndex", 0, "delta", Map.of("text", text))));
    };
  }

  private String end() {
    return switch (this) {
      case OPENAI, MISTRAL ->
          data(
                  Map.of(
                      "id",
                      "1",
                      "model",
                      model,
                      "choices",
                      List.of(Map.of("index", 0, "delta", Map.of(), "finish_reason", "stop")),
                      "usage",
                      Map.of("prompt_tokens", 5, "completion_tokens", 2, "total_tokens", 7)))
              + "data: [DONE]\n\n";
      case ANTHROPIC ->
          event("content_block_stop", Map.of("type", "content_block_stop", "index", 0))
              + event(
                  "message_delta",
                  Map.of(
                      "type",
                      "message_delta",
                      "delta",
                      Map.of("stop_reason", "end_turn"),
                      "usage",
                      Map.of("output_tokens", 2)))
              + event("message_stop", Map.of("type", "message_stop"));
      case OLLAMA ->
          json(
                  Map.of(
                      "model",
                      model,
                      "message",
                      Map.of("role", "assistant", "content", ""),
                      "done",
                      true,
                      "done_reason",
                      "stop",
                      "prompt_eval_count",
                      5,
                      "eval_count",
                      2))
              + "\n";
      case GEMINI -> "data: " + gemini("", "STOP") + "\n\n";
      case BEDROCK ->
          EventStream.event("contentBlockStop", "{\"contentBlockIndex\": 0}")
              + EventStream.event("messageStop", "{\"stopReason\": \"end_turn\"}")
              + EventStream.event(
                  "metadata",
                  """
                  {"usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7},
                   "metrics": {"latencyMs": 9}}
                  """);
    };
  }

  /** An error within a stream. */
  String errorInStream(String type, String message) {
    Map<String, Object> error = Map.of("error", Map.of("type", type, "message", message));
    return switch (this) {
      case ANTHROPIC ->
          event(
              "error", Map.of("type", "error", "error", Map.of("type", type, "message", message)));
      case OLLAMA -> json(Map.of("error", message)) + "\n";
      case OPENAI, MISTRAL, GEMINI -> data(error);
      case BEDROCK ->
          EventStream.exception(
              type.equals("overloaded_error")
                  ? "serviceUnavailableException"
                  : "modelStreamErrorException",
              json(Map.of("message", message)));
    };
  }

  /** The body of an answer that reports an error. */
  String error(String message) {
    return switch (this) {
      case OLLAMA -> json(Map.of("error", message));
      case BEDROCK -> json(Map.of("message", message));
      default -> json(Map.of("error", Map.of("type", "some_error", "message", message)));
    };
  }

  private static String data(Object value) {
    return "data: " + json(value) + "\n\n";
  }

  private static String event(String name, Object value) {
    return "event: " + name + "\n" + data(value);
  }
}
