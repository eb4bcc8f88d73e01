package dev.terrarium.langchain4j;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.junit5.WireMockExtension;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Media;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tools, media and reasoning in each provider's words over HTTP. */
@Timeout(30)
class ToolCallsOverHttpTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ToolDefinition WEATHER =
      new ToolDefinition(
          "weather",
          "Tells the weather.",
          """
          {"type": "object", "properties": {"place": {"type": "string", "description": "a town"},
             "days": {"type": "array", "items": {"type": "integer"}}},
           "required": ["place"]}
          """);

  @RegisterExtension
  private static final WireMockExtension service =
      WireMockExtension.newInstance()
          .options(WireMockConfiguration.options().bindAddress("127.0.0.1").dynamicPort())
          .build();

  private final List<LanguageModel> opened = new ArrayList<>();

  @AfterEach
  void close() {
    opened.forEach(LanguageModel::close);
  }

  private LangChain4jModels.Builder custom(Wire wire) {
    return LangChain4jModels.custom(
            wire.spec("http://127.0.0.1:" + service.getPort()), Wire.ENVIRONMENT)
        .apiKey("key")
        .maxRetries(0);
  }

  private LanguageModel opened(LangChain4jModels.Builder builder) {
    opened.add(builder.build());
    return opened.getLast();
  }

  private static void answer(Wire wire, String type, String body) {
    service.stubFor(
        post(urlPathMatching(wire.path))
            .willReturn(aResponse().withHeader("Content-Type", type).withBody(wire.bytes(body))));
  }

  private static JsonNode sent() {
    try {
      return JSON.readTree(service.findAll(postRequestedFor(anyUrl())).getLast().getBodyAsString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ChatRequest.Builder question() {
    return ChatRequest.builder()
        .message(ChatMessage.user("Is it raining in Rome?"))
        .tools(List.of(WEATHER));
  }

  private ChatResponse ask(Wire wire, ChatRequest request) {
    answer(wire, "application/json", ToolWire.whole(wire));
    return opened(custom(wire)).chat(request);
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void toolIsDescribedAndCalled(Wire wire) throws JsonProcessingException {
    ChatResponse response = ask(wire, question().build());

    assertThat(response.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
    assertThat(response.toolCalls()).hasSize(1);
    ToolCall call = response.toolCalls().getFirst();
    assertThat(call.name()).isEqualTo("weather");
    assertThat(JSON.readTree(call.arguments())).isEqualTo(JSON.readTree("{\"place\": \"Rome\"}"));
    JsonNode tool = ToolWire.tool(wire, sent());
    assertThat(tool.path("name").asText()).isEqualTo("weather");
    assertThat(tool.path("description").asText()).isEqualTo("Tells the weather.");
    JsonNode parameters = ToolWire.parameters(wire, tool);
    assertThat(parameters.at("/properties/place/description").asText()).isEqualTo("a town");
    assertThat(parameters.at("/properties/days/items/type").asText().toLowerCase(Locale.ROOT))
        .isEqualTo("integer");
    assertThat(parameters.at("/required/0").asText()).isEqualTo("place");
  }

  @Test
  void schemaThatGeminiCannotSayIsDescribed() throws JsonProcessingException {
    String schema =
        """
        {"type": "object", "description": "A trip.", "properties": {
           "days": {"type": "integer", "minimum": 1, "description": "how long"},
           "class": {"$ref": "#/$defs/Class"},
           "back": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
           "note": {"type": ["string", "null"]},
           "size": {"enum": [1, 2], "type": "integer"},
           "stops": {"type": "array", "items": {"type": "object",
              "properties": {"place": {"const": "Rome"}}}}},
         "$defs": {"Class": {"enum": ["first", "second"]}}}
        """;
    ask(Wire.GEMINI, question().tools(List.of(new ToolDefinition("trip", "", schema))).build());

    JsonNode parameters = ToolWire.parameters(Wire.GEMINI, ToolWire.tool(Wire.GEMINI, sent()));
    assertThat(parameters.path("description").asText()).isEqualTo("A trip.");
    assertThat(parameters.at("/properties/days/description").asText())
        .isEqualTo("how long {\"minimum\":1}");
    assertThat(parameters.at("/properties/class/enum"))
        .isEqualTo(JSON.readTree("[\"first\", \"second\"]"));
    assertThat(parameters.at("/properties/back/anyOf")).hasSize(2);
    assertThat(parameters.at("/properties/note/anyOf")).hasSize(2);
    assertThat(parameters.at("/properties/size/description").asText())
        .isEqualTo("{\"enum\":[1,2]}");
    assertThat(parameters.at("/properties/stops/items/properties/place/enum/0").asText())
        .isEqualTo("Rome");
  }

  @Test
  void schemaThatRefersToItselfIsRefusedForGemini() {
    String schema =
        """
        {"type": "object", "properties": {"tree": {"$ref": "#/$defs/Tree"}}, "$defs": {"Tree":
          {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}}}
        """;

    assertRefused(
        Wire.GEMINI,
        question().tools(List.of(new ToolDefinition("grow", "", schema))).build(),
        "tools: the parameters of grow refer to themselves by #/$defs/Tree");
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void piecesOfAStreamMakeTheCall(Wire wire) {
    answer(wire, wire.streamType, ToolWire.stream(wire));
    Map<Integer, ToolCall> joined = new TreeMap<>();

    ChatResponse response =
        opened(custom(wire)).stream(
            question().build(),
            chunk -> {
              if (chunk.toolCall() != null) {
                joined.merge(
                    chunk.toolCall().index(),
                    chunk.toolCall().call(),
                    (before, more) ->
                        new ToolCall(
                            before.id(), before.name(), before.arguments() + more.arguments()));
              }
            });

    assertThat(response.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
    assertThat(response.toolCalls()).hasSize(1);
    assertThat(joined).hasSize(1);
    ToolCall call = Objects.requireNonNull(joined.get(0));
    ToolCall whole = response.toolCalls().getFirst();
    assertThat(call.name()).isEqualTo(whole.name());
    assertThat(call.arguments()).isEqualTo(whole.arguments());
    assertThat(whole.id()).startsWith(call.id());
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void resultOfACallReachesTheService(Wire wire) {
    ToolCall call = ask(wire, question().build()).toolCalls().getFirst();

    ask(
        wire,
        question()
            .message(ChatMessage.assistant("", List.of(call)))
            .message(ChatMessage.tool(call.id(), "It is sunny."))
            .build());

    String messages = sent().toString();
    assertThat(messages).contains("It is sunny.", "Rome");
    if (wire == Wire.GEMINI) {
      assertThat(messages).contains("\"thoughtSignature\":\"c2lnbmVk\"");
    } else {
      assertThat(messages).doesNotContain("__signature__");
    }
    if (wire == Wire.OPENAI || wire == Wire.MISTRAL) {
      assertThat(sent().at("/messages/2/tool_call_id").asText()).isEqualTo("a");
    }
    if (wire == Wire.BEDROCK) {
      assertThat(sent().at("/messages/1/content/0/toolUse/toolUseId").asText()).isEqualTo("a");
      assertThat(sent().at("/messages/2/content/0/toolResult/toolUseId").asText()).isEqualTo("a");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          OPENAI    | /tool_choice | "required"
          MISTRAL   | /tool_choice | "any"
          ANTHROPIC | /tool_choice/type | "any"
          GEMINI    | /toolConfig/functionCallingConfig/mode | "ANY"
          BEDROCK   | /toolConfig/toolChoice/any | {}
          """)
  void toolCanBeRequired(Wire wire, String path, String value) throws JsonProcessingException {
    ask(wire, question().toolChoice(ToolChoice.REQUIRED).build());

    assertThat(sent().at(path)).isEqualTo(JSON.readTree(value));
  }

  @Test
  void toolThatOllamaCannotRequireIsRequiredBySchema() {
    answer(
        Wire.OLLAMA,
        "application/json",
        Wire.OLLAMA.whole(
            "{\"tool_calls\": [{\"name\": \"weather\", \"arguments\": {\"place\": \"Rome\"}}]}",
            false));

    ChatResponse response =
        opened(custom(Wire.OLLAMA)).chat(question().toolChoice(ToolChoice.REQUIRED).build());

    assertThat(response.toolCalls())
        .containsExactly(new ToolCall("call_1", "weather", "{\"place\":\"Rome\"}"));
    assertThat(sent().has("tools") && !sent().get("tools").isEmpty()).isFalse();
    assertThat(sent().at("/format/properties/tool_calls/type").asText()).isEqualTo("array");
  }

  @Test
  void serverWithoutToolsGetsInstructions() {
    answer(Wire.OPENAI, "application/json", Wire.OPENAI.whole("{\"answer\": \"No.\"}", false));

    ChatResponse response = opened(custom(Wire.OPENAI).nativeTools(false)).chat(question().build());

    assertThat(response.text()).isEqualTo("No.");
    assertThat(sent().has("tools")).isFalse();
    assertThat(sent().at("/messages/0/content").asText()).contains("- weather: Tells");
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void toolsThatAreForbiddenAreLeftOut(Wire wire) {
    answer(wire, "application/json", wire.whole("No.", false));

    opened(custom(wire)).chat(question().toolChoice(ToolChoice.NONE).build());

    assertThat(sent().toString()).doesNotContain("Tells the weather.");
  }

  @ParameterizedTest
  @CsvSource({
    "OPENAI, 8, 2, 3, 1",
    "MISTRAL, 8, 2, 0, 0",
    "ANTHROPIC, 8, 2, 3, 0",
    "OLLAMA, 8, 2, 0, 0",
    "GEMINI, 8, 2, 3, 1",
    "BEDROCK, 8, 2, 3, 0"
  })
  void cachedAndReasoningTokensAreCounted(
      Wire wire, int prompt, int completion, int cached, int reasoning) {
    assertThat(ask(wire, question().build()).usage())
        .isEqualTo(new TokenUsage(prompt, completion, cached, reasoning));
  }

  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"OPENAI", "OLLAMA", "GEMINI", "BEDROCK"})
  void reasoningComesWithTheAnswer(Wire wire) {
    assertThat(ask(wire, question().build()).reasoning()).isEqualTo("Hm.");
  }

  @ParameterizedTest
  @CsvSource({
    "OPENAI, /reasoning_effort, low, low",
    "GEMINI, /generationConfig/thinkingConfig/thinkingLevel, low, low",
    "OLLAMA, /think, medium, true",
    "OLLAMA, /think, none, false"
  })
  void effortReachesTheService(Wire wire, String path, String effort, String sent) {
    ask(wire, question().reasoningEffort(effort).build());

    assertThat(sent().at(path).asText()).isEqualToIgnoringCase(sent);
  }

  @ParameterizedTest
  @CsvSource({"ANTHROPIC, low", "MISTRAL, low", "OLLAMA, low", "BEDROCK, low"})
  void effortThatAProviderDoesNotTakeIsRefused(Wire wire, String effort) {
    assertRefused(wire, question().reasoningEffort(effort).build(), "reasoningEffort: ");
  }

  @Test
  void callsOneByOneReachTheService() {
    ask(Wire.OPENAI, question().parallelToolCalls(false).build());
    assertThat(sent().get("parallel_tool_calls").asBoolean(true)).isFalse();

    ask(Wire.ANTHROPIC, question().parallelToolCalls(false).build());
    assertThat(sent().at("/tool_choice/disable_parallel_tool_use").asBoolean()).isTrue();

    assertRefused(Wire.GEMINI, question().parallelToolCalls(false).build(), "parallelToolCalls: ");
  }

  @ParameterizedTest
  @CsvSource({
    "OPENAI, /top_p",
    "MISTRAL, /top_p",
    "ANTHROPIC, /top_p",
    "GEMINI, /generationConfig/topP",
    "OLLAMA, /options/top_p",
    "BEDROCK, /inferenceConfig/topP"
  })
  void topPReachesTheService(Wire wire, String path) {
    ask(wire, question().topP(0.5).build());

    assertThat(sent().at(path).asDouble()).isEqualTo(0.5);
  }

  private static ChatRequest look(Media media) {
    return ChatRequest.builder().message(ChatMessage.user("What is this?", List.of(media))).build();
  }

  @ParameterizedTest
  @CsvSource({
    "OPENAI, image/png",
    "OPENAI, application/pdf",
    "OPENAI, audio/wav",
    "ANTHROPIC, image/png",
    "ANTHROPIC, application/pdf",
    "GEMINI, image/png",
    "GEMINI, application/pdf",
    "GEMINI, audio/wav",
    "GEMINI, video/mp4",
    "MISTRAL, image/png",
    "OLLAMA, image/png",
    "BEDROCK, image/png",
    "BEDROCK, application/pdf"
  })
  void contentReachesTheService(Wire wire, String type) {
    Media media = Media.of(type, "marked content".getBytes(StandardCharsets.UTF_8));

    ask(wire, look(media));

    assertThat(sent().toString()).contains(media.base64(), "What is this?");
  }

  @ParameterizedTest
  @CsvSource({
    "OPENAI, video/mp4",
    "ANTHROPIC, audio/wav",
    "MISTRAL, application/pdf",
    "OLLAMA, application/pdf",
    "GEMINI, text/plain",
    "BEDROCK, image/tiff",
    "BEDROCK, audio/wav"
  })
  void mediaThatAProviderDoesNotTakeAreRefused(Wire wire, String type) {
    assertRefused(
        wire,
        look(Media.of(type, new byte[] {1})),
        "messages[0]: the language model " + wire.provider());
  }

  @ParameterizedTest
  @CsvSource({"OPENAI, image/png", "ANTHROPIC, image/png", "ANTHROPIC, application/pdf"})
  void addressReachesTheService(Wire wire, String type) {
    ask(wire, look(Media.at(type, URI.create("https://example.org/marked"))));

    assertThat(sent().toString()).contains("https://example.org/marked");
  }

  @ParameterizedTest
  @CsvSource({
    "GEMINI, image/png, https://example.org/marked",
    "OLLAMA, image/png, https://example.org/marked",
    "OLLAMA, image/png, file:///marked",
    "BEDROCK, image/png, https://example.org/marked",
    "BEDROCK, application/pdf, file:///marked"
  })
  void addressThatTheClientWouldFetchIsRefused(Wire wire, String type, URI address) {
    assertRefused(
        wire,
        look(Media.at(type, address)),
        "takes no media of type " + type + " by this URL; give their data");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [1]                               | are no schema of an object
          {"type": "array"}                 | are no schema of an object
          {                                 | are no JSON
          {"anyOf": [{"type": "object"}]}   | have anyOf at the root
          """)
  void parametersThatNoServiceTakesAreRefused(String parameters, String reason) {
    ChatRequest request =
        question().tools(List.of(new ToolDefinition("weather", "", parameters))).build();

    assertRefused(Wire.OPENAI, request, "tools: the parameters of weather " + reason);
  }

  private void assertRefused(Wire wire, ChatRequest request, String message) {
    service.resetRequests();
    LanguageModel model = opened(custom(wire));

    assertThatThrownBy(() -> model.chat(request))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessageContaining(message);
    assertThat(service.findAll(postRequestedFor(anyUrl()))).isEmpty();
  }
}
