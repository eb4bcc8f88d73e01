package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConversionException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.KeyedResourcePool;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Media;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.testing.FakeModel;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ModelServiceTest {

  private static final ClassLoader EMPTY = new ClassLoader(null) {};

  private final List<TerrariumEvent> told = new ArrayList<>();
  private final FakeModel model = new FakeModel("fake");
  private final FakeModel other = new FakeModel("other");
  private final LanguageModels models = models(model);
  private final ModelService service = new ModelService(models);

  private LanguageModels models(FakeModel first) {
    return new LanguageModels(
        Map.of("fake", first, "other", other),
        "fake",
        UnaryOperator.identity(),
        EMPTY,
        ModelCacheTest.cache(),
        new KeyedResourcePool(framework -> 4, Events.none()),
        Events.to(List.of(told::add)));
  }

  private static Map<String, @Nullable Object> request() {
    Map<String, @Nullable Object> request = new HashMap<>();
    request.put("model", null);
    request.put(
        "messages",
        List.of(
            Map.of("role", "system", "content", "be short"),
            Map.of("role", "user", "content", "why?"),
            Map.of("role", "assistant", "content", "because")));
    request.put("temperature", null);
    request.put("max_tokens", null);
    request.put("stop", List.of());
    request.put("seed", null);
    request.put("schema", null);
    return request;
  }

  @Test
  void wholeRequestReachesTheModel() {
    Map<String, @Nullable Object> request = request();
    request.put("temperature", 0L);
    request.put("max_tokens", 64L);
    request.put("stop", List.of("\n", "END"));
    request.put("seed", 7L);
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", Map.of("z", Map.of("type", "integer")));
    schema.put("additionalProperties", false);
    request.put("schema", schema);
    service.call(List.of(request));

    assertThat(model.requests)
        .containsExactly(
            ChatRequest.builder()
                .message(ChatMessage.system("be short"))
                .message(ChatMessage.user("why?"))
                .message(ChatMessage.assistant("because"))
                .temperature(0.0)
                .maxTokens(64)
                .stop(List.of("\n", "END"))
                .seed(7L)
                .responseSchema(
                    "{\"type\":\"object\",\"properties\":{\"z\":{\"type\":\"integer\"}},"
                        + "\"additionalProperties\":false}")
                .build());
  }

  @Test
  void toolsMediaAndResultsReachTheModel() {
    FakeModel able = FakeModel.withTools("fake", FakeModel.ANSWER);
    Map<String, Object> call = Map.of("id", "1", "name", "weather", "arguments", "{}");
    Map<String, @Nullable Object> request = request();
    request.put(
        "messages",
        List.of(
            Map.of(
                "role",
                "user",
                "content",
                "what is this?",
                "media",
                List.of(
                    Map.of("mime_type", "image/png", "data", "AQID"),
                    Map.of("mime_type", "image/png", "url", "https://example.org/a.png"))),
            Map.of("role", "assistant", "content", "", "tool_calls", List.of(call)),
            Map.of("role", "tool", "content", "sunny", "tool_call_id", "1")));
    request.put("top_p", 0.5);
    request.put("reasoning_effort", "low");
    request.put("tool_choice", "required");
    request.put("parallel_tool_calls", false);
    request.put(
        "tools",
        List.of(
            Map.of(
                "name",
                "weather",
                "description",
                "Tells.",
                "parameters",
                Map.of("type", "object"))));
    new ModelService(models(able)).call(List.of(request));

    assertThat(able.requests)
        .containsExactly(
            ChatRequest.builder()
                .message(
                    ChatMessage.user(
                        "what is this?",
                        List.of(
                            Media.of("image/png", new byte[] {1, 2, 3}),
                            Media.at("image/png", URI.create("https://example.org/a.png")))))
                .message(ChatMessage.assistant("", List.of(new ToolCall("1", "weather", "{}"))))
                .message(ChatMessage.tool("1", "sunny"))
                .topP(0.5)
                .reasoningEffort("low")
                .toolChoice(ToolChoice.REQUIRED)
                .parallelToolCalls(false)
                .tools(List.of(new ToolDefinition("weather", "Tells.", "{\"type\":\"object\"}")))
                .build());
  }

  @Test
  void answerHasToolCallsReasoningAndTheirTokens() {
    ChatResponse response =
        new ChatResponse(
            "",
            List.of(new ToolCall("1", "weather", "{}")),
            "hm",
            ChatResponse.FinishReason.TOOL_CALLS,
            new ChatResponse.TokenUsage(11, 7, 5, 3),
            Duration.ofMillis(250));
    FakeModel able = FakeModel.withTools("fake", response);

    assertThat(new ModelService(models(able)).call(List.of(request())))
        .isEqualTo(
            Map.of(
                "text",
                "",
                "tool_calls",
                List.of(Map.of("id", "1", "name", "weather", "arguments", "{}")),
                "reasoning",
                "hm",
                "finish_reason",
                "tool_calls",
                "prompt_tokens",
                11,
                "completion_tokens",
                7,
                "cached_tokens",
                5,
                "reasoning_tokens",
                3,
                "model",
                "fake",
                "seconds",
                0.25));
  }

  @Test
  void modelWithoutToolsGetsInstructions() {
    Map<String, @Nullable Object> request = request();
    request.put(
        "tools",
        List.of(
            Map.of("name", "weather", "description", "", "parameters", Map.of("type", "object"))));
    service.call(List.of(request));

    assertThat(model.requests.getFirst().tools()).isEmpty();
    assertThat(model.requests.getFirst().responseSchema()).contains("tool_calls");
  }

  @Test
  void faultOfARequestHasItsPath() {
    Map<String, @Nullable Object> request = request();
    request.put("tools", List.of(Map.of("name", "a b", "description", "", "parameters", Map.of())));
    assertThatThrownBy(() -> service.call(List.of(request)))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("request")
        .hasMessageContaining("'a b' is no name of a tool");

    request.put("tools", List.of(Map.of("name", "a", "description", "")));
    assertThatThrownBy(() -> service.call(List.of(request)))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("request.tools[0].parameters");

    request.put("tools", null);
    request.put("messages", List.of(Map.of("role", "tool", "content", "a", "tool_call_id", "7")));
    assertThatThrownBy(() -> service.call(List.of(request)))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("messages[0]: is the result of the tool call '7'");
  }

  @Test
  void answerHasAllFieldsThatPythonReads() {
    assertThat(service.call(List.of(request())))
        .isEqualTo(
            Map.of(
                "text",
                "answer of fake",
                "finish_reason",
                "length",
                "prompt_tokens",
                11,
                "completion_tokens",
                7,
                "model",
                "fake",
                "seconds",
                0.25));
  }

  @Test
  void observersGetTheModelsTokensAndFramework() {
    new CallScope("words", null).run(() -> service.call(List.of(request())));
    service.call(List.of(request()));

    assertThat(told)
        .satisfiesExactly(
            event -> assertThat(event).isEqualTo(called("fake", "words", 11, 7, event, null)),
            event -> assertThat(event).isEqualTo(called("fake", null, 11, 7, event, null)));
  }

  @Test
  void observersGetTheFailureOfAModel() {
    FakeModel broken =
        new FakeModel(
            "broken",
            request -> {
              throw new ModelException("out of order");
            });
    LanguageModels models =
        new LanguageModels(
            Map.of("broken", broken),
            "broken",
            UnaryOperator.identity(),
            EMPTY,
            ModelCacheTest.cache(),
            new KeyedResourcePool(framework -> 4, Events.none()),
            Events.to(List.of(told::add)));

    Map<String, @Nullable Object> request = request();
    request.put("model", "broken");
    assertThatThrownBy(() -> new ModelService(models).call(List.of(request)))
        .hasMessage("out of order");
    assertThat(told)
        .satisfiesExactly(
            event ->
                assertThat(event).isEqualTo(called("broken", null, 0, 0, event, "ModelException")));
  }

  /** Returns the event with the reported nanoseconds, which a test cannot know. */
  private static TerrariumEvent called(
      String model,
      @Nullable String framework,
      int prompt,
      int completion,
      TerrariumEvent told,
      @Nullable String failure) {
    long nanos = told instanceof TerrariumEvent.ModelCalled call ? call.nanos() : -1;
    assertThat(nanos).isPositive();
    return new TerrariumEvent.ModelCalled(model, framework, prompt, completion, nanos, failure);
  }

  @Test
  void absentOptionsAreLeftToTheModel() {
    service.call(List.of(Map.of("messages", List.of(Map.of("role", "user", "content", "why?")))));

    assertThat(model.requests).containsExactly(ChatRequest.of("why?"));
  }

  @Test
  void modelIsChosenByName() {
    Map<String, @Nullable Object> request = request();
    request.put("model", "other");
    service.call(List.of(request));

    assertThat(other.requests).hasSize(1);
    assertThat(model.requests).isEmpty();

    request.put("model", "none");
    assertThatThrownBy(() -> service.call(List.of(request))).isInstanceOf(ModelException.class);
  }

  @Test
  void malformedRequestsAreRefusedWithThePath() {
    refused("messages", List.of(Map.of("role", "user")), "request.messages[0]");
    refused("messages", List.of("why?"), "request.messages[0]");
    refused("messages", "why?", "request.messages");
    refused("messages", List.of(), "request");
    refused("max_tokens", 0L, "request");
    refused(
        "messages",
        List.of(Map.of("role", "robot", "content", "beep")),
        "request.messages[0].role");
    refused("temperature", "hot", "request.temperature");
    refused("max_tokens", 1.5, "request.max_tokens");
    refused("max_tokens", 1L << 40, "request.max_tokens");
    refused("seed", "x", "request.seed");
    refused("stop", "END", "request.stop");
    refused("stop", List.of("END", 1L), "request.stop[1]");
    refused("model", 5L, "request.model");
  }

  private void refused(String key, Object value, String path) {
    Map<String, @Nullable Object> request = request();
    request.put(key, value);

    assertThatThrownBy(() -> service.call(List.of(request)))
        .as("%s = %s", key, value)
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo(path));
    assertThat(model.requests).isEmpty();
  }

  @Test
  void argumentIsOneDict() {
    assertThatThrownBy(() -> service.call(List.of())).isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> service.call(List.of("why?"))).isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> service.call(List.of(request(), request())))
        .isInstanceOf(ConversionException.class);
  }

  private HostFunction streamed(Map<String, ?> request) {
    Object stream = Objects.requireNonNull(service.streaming().call(List.of(request)));
    return (HostFunction) Objects.requireNonNull(((Map<?, ?>) stream).get("next"));
  }

  @Test
  void streamEndsWithWhatGenerateAnswers() {
    HostFunction next = streamed(request());

    assertThat(next.call(List.of())).isEqualTo("answer of fake");
    assertThat(next.call(List.of())).isEqualTo(service.call(List.of(request())));
    assertThat(Objects.requireNonNull(models.stats().get("fake")).completionTokens()).isEqualTo(14);
    assertThat(model.requests).hasSize(2);
    assertThat(model.requests.getFirst()).isEqualTo(model.requests.getLast());
  }

  @Test
  void streamRefusesWhatGenerateRefuses() {
    assertThatThrownBy(() -> service.streaming().call(List.of("why?")))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("model.stream");
    assertThatThrownBy(() -> service.streaming().call(List.of(Map.of("messages", "why?"))))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("request.messages");
    assertThat(model.requests).isEmpty();
  }
}
