package dev.terrarium.langchain4j;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.junit5.WireMockExtension;
import com.github.tomakehurst.wiremock.stubbing.Scenario;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.model.LanguageModel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Each provider's clients against HTTP. */
@Timeout(30)
class ServicesTest {

  private static final String KEY = "sk-marked-0815-4711";
  private static final String SCHEMA =
      """
      {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"],
       "additionalProperties": false}
      """;
  private static final ObjectMapper JSON = new ObjectMapper();

  @RegisterExtension
  private static final WireMockExtension service =
      WireMockExtension.newInstance()
          .options(
              WireMockConfiguration.options()
                  .bindAddress("127.0.0.1")
                  .dynamicPort()
                  .containerThreads(16))
          .build();

  private @Nullable LanguageModel opened;

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private LangChain4jModels.Builder custom(Wire wire) {
    return LangChain4jModels.custom(
            wire.spec("http://127.0.0.1:" + service.getPort()), Wire.ENVIRONMENT)
        .apiKey(KEY)
        .retryDelay(Duration.ofMillis(1));
  }

  private LanguageModel model(Wire wire) {
    opened = custom(wire).maxRetries(0).build();
    return opened;
  }

  private static void answer(Wire wire, ResponseDefinitionBuilder response) {
    service.stubFor(post(urlPathMatching(wire.path)).willReturn(response));
  }

  private static ResponseDefinitionBuilder json(String body) {
    return aResponse().withHeader("Content-Type", "application/json").withBody(body);
  }

  private static ResponseDefinitionBuilder stream(Wire wire, String body) {
    return aResponse().withHeader("Content-Type", wire.streamType).withBody(wire.bytes(body));
  }

  private static List<LoggedRequest> requests() {
    return service.findAll(postRequestedFor(anyUrl()));
  }

  private static JsonNode sent() {
    try {
      return JSON.readTree(requests().getLast().getBodyAsString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void answerComesWhole(Wire wire) {
    answer(wire, json(wire.whole("Paris", false)));

    LanguageModel model = model(wire);
    ChatResponse response = model.chat(ChatRequest.of("Where?"));

    assertThat(response.text()).isEqualTo("Paris");
    assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(response.usage()).isEqualTo(new TokenUsage(5, 2));
    assertThat(response.time()).isPositive();
    assertThat(model.name()).isEqualTo(wire.spec("http://127.0.0.1:" + service.getPort()));
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void answerComesInPieces(Wire wire) {
    answer(wire, stream(wire, wire.stream("Pa", "ris")));
    List<String> pieces = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();

    ChatResponse response =
        model(wire).stream(
            ChatRequest.of("Where?"),
            chunk -> {
              pieces.add(chunk.text());
              threads.add(Thread.currentThread());
            });

    assertThat(pieces).containsExactly("Pa", "ris");
    assertThat(threads).containsOnly(Thread.currentThread());
    assertThat(response.text()).isEqualTo("Paris");
    assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(response.usage()).isEqualTo(new TokenUsage(5, 2));
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void limitOfTokensIsReported(Wire wire) {
    answer(wire, json(wire.whole("Par", true)));

    assertThat(model(wire).chat(ChatRequest.of("Where?")).finishReason())
        .isEqualTo(FinishReason.LENGTH);
  }

  private static ChatRequest full(@Nullable Long seed) {
    return ChatRequest.builder()
        .message(ChatMessage.system("Be brief."))
        .message(ChatMessage.user("Hello"))
        .message(ChatMessage.assistant("Hi"))
        .message(ChatMessage.user("Where?"))
        .stop(List.of("END"))
        .temperature(0.25)
        .maxTokens(77)
        .seed(seed)
        .build();
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void allPartsOfARequestReachTheService(Wire wire) {
    answer(wire, json(wire.whole("Paris", false)));

    boolean takesSeed = wire != Wire.ANTHROPIC && wire != Wire.BEDROCK;
    model(wire).chat(full(takesSeed ? 42L : null));

    String body = sent().toString();
    assertThat(body).contains("Be brief.", "Hello", "Hi", "Where?", "END", "0.25", "77");
    if (takesSeed) {
      assertThat(body).contains("42");
    }
    if (wire == Wire.OPENAI) {
      assertThat(sent().path("max_tokens").asInt()).isEqualTo(77);
      assertThat(sent().path("seed").asInt()).isEqualTo(42);
      assertThat(sent().path("messages").findValuesAsText("role"))
          .containsExactly("system", "user", "assistant", "user");
    }
  }

  @Test
  void seedThatAProviderDoesNotTakeIsRefused() {
    assertThatThrownBy(() -> model(Wire.ANTHROPIC).chat(full(42L)))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessageStartingWith("seed: the language model anthropic:claude");
    assertThatThrownBy(() -> model(Wire.OPENAI).chat(full(1L << 40)))
        .hasMessageContaining("seed: 1099511627776 has more than the 32 bits");
    assertThat(requests()).isEmpty();
  }

  @Test
  void blankSystemMessageIsRefused() {
    ChatRequest request =
        ChatRequest.builder()
            .message(ChatMessage.system(" "))
            .message(ChatMessage.user("Where?"))
            .build();

    assertThatThrownBy(() -> model(Wire.OPENAI).chat(request))
        .isInstanceOf(ModelException.class)
        .hasMessage("messages[0]: a system message must not be blank; leave it out");
  }

  private static ChatRequest withSchema(String schema) {
    return ChatRequest.builder().message(ChatMessage.user("Where?")).responseSchema(schema).build();
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void serviceHoldsTheAnswerToTheSchema(Wire wire) throws JsonProcessingException {
    answer(wire, json(wire.whole("{\"answer\": \"Paris\"}", false)));
    opened = custom(wire).nativeSchemas(true).build();

    ChatResponse response = opened.chat(withSchema(SCHEMA));

    assertThat(response.text()).isEqualTo("{\"answer\": \"Paris\"}");
    JsonNode sent = sent();
    JsonNode schema =
        switch (wire) {
          case OPENAI, MISTRAL -> sent.at("/response_format/json_schema/schema");
          case ANTHROPIC -> sent.at("/output_config/format/schema");
          case OLLAMA -> sent.path("format");
          case GEMINI -> sent.at("/generationConfig/responseJsonSchema");
          case BEDROCK ->
              JSON.readTree(
                  sent.at("/outputConfig/textFormat/structure/jsonSchema/schema").asText());
        };
    assertThat(schema.at("/properties/answer/type").asText()).isEqualTo("string");
    assertThat(schema.path("additionalProperties").isBoolean()).isTrue();
    if (wire == Wire.OPENAI) {
      assertThat(sent.at("/response_format/json_schema/strict").asBoolean()).isTrue();
    }
    assertThat(sent.toString()).doesNotContain("Answer with JSON");
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void schemaIsAnInstructionWhereTheServiceShallNotHoldToIt(Wire wire) {
    answer(wire, json(wire.whole("```json\n{\"answer\": \"Paris\"}\n```", false)));
    opened = custom(wire).nativeSchemas(false).build();

    ChatResponse response = opened.chat(withSchema(SCHEMA));

    assertThat(response.text()).isEqualTo("{\"answer\": \"Paris\"}");
    assertThat(sent().toString()).contains("Answer with JSON alone", "additionalProperties");
    assertThat(sent().has("response_format")).isFalse();
  }

  @Test
  void schemaThatAServiceCannotHoldToIsAnInstruction() {
    answer(Wire.ANTHROPIC, json(Wire.ANTHROPIC.whole("{\"answer\": \"Paris\"}", false)));

    model(Wire.ANTHROPIC).chat(withSchema("{\"type\": \"object\", \"required\": [\"answer\"]}"));

    assertThat(sent().has("output_config")).isFalse();
    assertThat(sent().path("system").toString()).contains("Answer with JSON alone");
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void answerThatDoesNotConformToTheSchemaIsABadResponse(Wire wire) {
    answer(wire, json(wire.whole("{\"answer\": 5}", false)));

    assertThatThrownBy(() -> model(wire).chat(withSchema(SCHEMA)))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.BAD_RESPONSE))
        .hasMessageContaining("does not conform to the schema")
        .hasMessageContaining("answer")
        .hasMessageContaining("string");
  }

  @Test
  void answerThatIsCutByItsLimitIsNotChecked() {
    answer(Wire.OPENAI, json(Wire.OPENAI.whole("{\"answer\": \"Pa", true)));

    assertThat(model(Wire.OPENAI).chat(withSchema(SCHEMA)).text()).isEqualTo("{\"answer\": \"Pa");
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void streamedAnswerIsCheckedToo(Wire wire) {
    answer(wire, stream(wire, wire.stream("{\"answer\"", ": \"Paris\"}")));
    List<String> pieces = new ArrayList<>();
    LanguageModel model = custom(wire).nativeSchemas(true).build();
    opened = model;
    model.stream(withSchema(SCHEMA), chunk -> pieces.add(chunk.text()));
    assertThat(pieces).containsExactly("{\"answer\"", ": \"Paris\"}");

    answer(wire, stream(wire, wire.stream("[", "1]")));
    assertThatThrownBy(() -> model.stream(withSchema(SCHEMA), chunk -> {}))
        .hasMessageContaining("does not conform to the schema");
  }

  @Test
  void streamOfAnInstructedAnswerIsOnePiece() {
    answer(
        Wire.OPENAI,
        stream(Wire.OPENAI, Wire.OPENAI.stream("```json\n", "{\"answer\": \"Paris\"}", "\n```")));
    opened = custom(Wire.OPENAI).nativeSchemas(false).build();
    List<String> pieces = new ArrayList<>();

    ChatResponse response = opened.stream(withSchema(SCHEMA), chunk -> pieces.add(chunk.text()));

    assertThat(pieces).containsExactly("{\"answer\": \"Paris\"}");
    assertThat(response.text()).isEqualTo("{\"answer\": \"Paris\"}");
  }

  @Test
  void textThatIsNoSchemaIsRefused() {
    assertThatThrownBy(() -> model(Wire.OPENAI).chat(withSchema("{\"type\": ")))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessageStartingWith("responseSchema: is not a JSON schema");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "401 | Incorrect API key                            | AUTHENTICATION",
        "403 | Your account may not use this model          | AUTHENTICATION",
        "402 | Pay first                                    | QUOTA_EXCEEDED",
        "429 | insufficient_quota: check your plan          | QUOTA_EXCEEDED",
        "404 | model 'x' not found                          | UNKNOWN_MODEL",
        "400 | The model does not exist                     | UNKNOWN_MODEL",
        "429 | Too many requests                            | RATE_LIMITED",
        "408 | Too slow                                     | TIMED_OUT",
        "500 | Oops                                         | UNAVAILABLE",
        "529 | Overloaded                                   | UNAVAILABLE",
        "400 | This model's maximum context length is 10    | CONTEXT_LENGTH_EXCEEDED",
        "400 | prompt is too long: 9 tokens > 8 maximum     | CONTEXT_LENGTH_EXCEEDED",
        "413 | Request too large                            | CONTEXT_LENGTH_EXCEEDED",
        "400 | content management policy                    | CONTENT_FILTERED",
        "400 | temperature is not supported with this model | INVALID_REQUEST",
        "302 | Elsewhere                                    | BAD_RESPONSE",
      })
  void statusBecomesAKind(int status, String message, Kind kind) {
    for (Wire wire : List.of(Wire.OPENAI, Wire.ANTHROPIC, Wire.OLLAMA, Wire.BEDROCK)) {
      answer(wire, json(wire.error(message)).withStatus(status));
      LanguageModel model = model(wire);

      for (boolean streamed : new boolean[] {false, true}) {
        ModelException e = failure(model, streamed);
        assertThat(e.kind()).as(wire + ", " + streamed).isEqualTo(kind);
        assertThat(e)
            .hasMessageContaining("answered with status " + status + ": " + message)
            .hasMessageContaining(model.name());
      }
      model.close();
    }
  }

  private static ModelException failure(LanguageModel model, boolean streamed) {
    return catchThrowableOfType(
        ModelException.class,
        () -> {
          if (streamed) {
            model.stream(ChatRequest.of("Where?"), chunk -> {});
          } else {
            model.chat(ChatRequest.of("Where?"));
          }
        });
  }

  @Test
  void withheldAnswerIsReported() {
    answer(
        Wire.OPENAI, json(Wire.OPENAI.whole("", false).replace("\"stop\"", "\"content_filter\"")));

    assertThat(failure(model(Wire.OPENAI), false).kind()).isEqualTo(Kind.CONTENT_FILTERED);

    String refused = Wire.ANTHROPIC.whole("I can", false).replace("end_turn", "refusal");
    answer(Wire.ANTHROPIC, json(refused));
    assertThat(failure(model(Wire.ANTHROPIC), false).kind()).isEqualTo(Kind.CONTENT_FILTERED);
    answer(
        Wire.ANTHROPIC,
        stream(Wire.ANTHROPIC, Wire.ANTHROPIC.stream("I can").replace("end_turn", "refusal")));
    assertThat(failure(model(Wire.ANTHROPIC), true).kind()).isEqualTo(Kind.CONTENT_FILTERED);

    String blocked = "{\"promptFeedback\": {\"blockReason\": \"SAFETY\"}}";
    answer(Wire.GEMINI, json(blocked));
    assertThat(failure(model(Wire.GEMINI), false).kind()).isEqualTo(Kind.CONTENT_FILTERED);
    answer(Wire.GEMINI, stream(Wire.GEMINI, "data: " + blocked + "\n\n"));
    assertThat(failure(model(Wire.GEMINI), true).kind()).isEqualTo(Kind.CONTENT_FILTERED);
  }

  @Test
  void answerThatQuotesARefusalIsNotWithheld() {
    String text = "{\"stop_reason\": \"refusal\", \"blockReason\": \"SAFETY\"}";
    for (Wire wire : Wire.values()) {
      answer(wire, json(wire.whole(text, false)));
      try (LanguageModel model = custom(wire).build()) {
        assertThat(model.chat(ChatRequest.of("Quote it.")).text()).isEqualTo(text);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void answerThatIsNoJsonIsABadResponse(Wire wire) {
    answer(wire, json("<html>Welcome to the hotel</html>"));
    assertThat(failure(model(wire), false).kind()).isEqualTo(Kind.BAD_RESPONSE);

    answer(wire, stream(wire, "data: <html>\n\n"));
    assertThat(failure(model(wire), true).kind()).isIn(Kind.BAD_RESPONSE, Kind.CUT_OFF_STREAM);
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void emptyAnswerIsABadResponse(Wire wire) {
    answer(wire, json("{}"));

    assertThat(failure(model(wire), false).kind()).isEqualTo(Kind.BAD_RESPONSE);
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void streamWithoutItsEndIsCutOff(Wire wire) {
    answer(wire, stream(wire, wire.begin("Pa")));
    LanguageModel model = model(wire);
    List<String> pieces = new ArrayList<>();

    ModelException e =
        catchThrowableOfType(
            ModelException.class,
            () -> model.stream(ChatRequest.of("Where?"), chunk -> pieces.add(chunk.text())));

    assertThat(e.kind()).isEqualTo(Kind.CUT_OFF_STREAM);
    assertThat(e.retryable()).isTrue();
    assertThat(pieces).containsExactly("Pa");
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void errorWithinAStreamIsThrown(Wire wire) {
    answer(
        wire,
        stream(wire, wire.begin("Pa") + wire.errorInStream("overloaded_error", "Overloaded")));

    ModelException e = failure(model(wire), true);

    assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(e).hasMessageContaining("Overloaded");
  }

  @Test
  void serviceThatClosesTheConnectionAtOnceIsUnavailable() {
    answer(Wire.OPENAI, aResponse().withFault(Fault.EMPTY_RESPONSE));
    assertThat(failure(model(Wire.OPENAI), false).kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(failure(model(Wire.OPENAI), true).kind()).isEqualTo(Kind.UNAVAILABLE);
  }

  @Test
  void silentServiceTimesOut() {
    answer(Wire.OPENAI, json(Wire.OPENAI.whole("Paris", false)).withFixedDelay(5_000));
    opened = custom(Wire.OPENAI).timeout(Duration.ofMillis(100)).maxRetries(0).build();
    assertThat(failure(opened, false).kind()).isEqualTo(Kind.TIMED_OUT);

    answer(
        Wire.OPENAI,
        stream(Wire.OPENAI, Wire.OPENAI.stream("Pa", "ris")).withChunkedDribbleDelay(3, 6_000));
    assertThat(failure(opened, true).kind()).isEqualTo(Kind.TIMED_OUT);
    assertThat(failure(opened, false).kind()).isEqualTo(Kind.TIMED_OUT);
  }

  @Test
  void serviceThatIsNotThereIsUnavailable() {
    try (LanguageModel model =
        LangChain4jModels.custom("ollama:llama3@http://127.0.0.1:1").maxRetries(0).build()) {
      assertThat(failure(model, false).kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(failure(model, true).kind()).isEqualTo(Kind.UNAVAILABLE);
    }
  }

  private static void failOnce(Wire wire, ResponseDefinitionBuilder failure, String then) {
    service.stubFor(
        post(urlPathMatching(wire.path))
            .inScenario("retry")
            .whenScenarioStateIs(Scenario.STARTED)
            .willReturn(failure)
            .willSetStateTo("again"));
    service.stubFor(
        post(urlPathMatching(wire.path))
            .inScenario("retry")
            .whenScenarioStateIs("again")
            .willReturn(stream(wire, then)));
  }

  @Test
  void requestIsRepeatedAfterAFailureThatMayPass() {
    for (Wire wire : List.of(Wire.OPENAI, Wire.ANTHROPIC, Wire.OLLAMA, Wire.BEDROCK)) {
      service.resetAll();
      failOnce(wire, json(wire.error("Oops")).withStatus(503), wire.whole("Paris", false));
      try (LanguageModel model = custom(wire).build()) {
        assertThat(model.chat(ChatRequest.of("Where?")).text()).isEqualTo("Paris");
        assertThat(requests()).hasSize(2);
      }
    }
  }

  @Test
  void requestIsNotRepeatedAfterAnotherFailure() {
    answer(Wire.OPENAI, json(Wire.OPENAI.error("Wrong key")).withStatus(401));
    opened = custom(Wire.OPENAI).build();

    assertThat(failure(opened, false).retryable()).isFalse();
    assertThat(requests()).hasSize(1);
  }

  @Test
  void requestIsRepeatedAsOftenAsConfigured() {
    answer(Wire.OPENAI, json(Wire.OPENAI.error("Oops")).withStatus(500));
    opened = custom(Wire.OPENAI).maxRetries(3).build();

    assertThat(failure(opened, true).kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(requests()).hasSize(4);
  }

  @Test
  void waitThatTheServiceNamesIsKept() {
    failOnce(
        Wire.OPENAI,
        json(Wire.OPENAI.error("Slow down")).withStatus(429).withHeader("Retry-After", "1"),
        Wire.OPENAI.whole("Paris", false));
    opened = custom(Wire.OPENAI).build();
    long start = System.nanoTime();

    assertThat(opened.chat(ChatRequest.of("Where?")).text()).isEqualTo("Paris");

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(900));
  }

  @Test
  void waitThatIsTooLongIsLeftToTheCaller() {
    answer(
        Wire.OPENAI,
        json(Wire.OPENAI.error("Slow down")).withStatus(429).withHeader("Retry-After", "3600"));
    opened = custom(Wire.OPENAI).build();

    assertThat(failure(opened, false).retryAfter()).contains(Duration.ofHours(1));
    assertThat(requests()).hasSize(1);
  }

  @Test
  void streamIsRepeatedOnlyBeforeItsFirstPiece() {
    failOnce(
        Wire.OPENAI, stream(Wire.OPENAI, Wire.OPENAI.begin()), Wire.OPENAI.stream("Pa", "ris"));
    opened = custom(Wire.OPENAI).build();
    assertThat(opened.stream(ChatRequest.of("Where?"), chunk -> {}).text()).isEqualTo("Paris");
    assertThat(requests()).hasSize(2);

    service.resetAll();
    answer(Wire.OPENAI, stream(Wire.OPENAI, Wire.OPENAI.begin("Pa")));
    assertThat(failure(opened, true).kind()).isEqualTo(Kind.CUT_OFF_STREAM);
    assertThat(requests()).hasSize(1);
  }

  @Test
  void exceptionOfTheSinkReachesTheCaller() {
    answer(Wire.OPENAI, stream(Wire.OPENAI, Wire.OPENAI.stream("Pa", "ris")));
    IllegalStateException thrown = new IllegalStateException("enough");
    List<String> pieces = new ArrayList<>();
    LanguageModel model = model(Wire.OPENAI);

    assertThatThrownBy(
            () ->
                model.stream(
                    ChatRequest.of("Where?"),
                    chunk -> {
                      pieces.add(chunk.text());
                      throw thrown;
                    }))
        .isSameAs(thrown);
    assertThat(pieces).containsExactly("Pa");
  }

  @Test
  void closedModelRefusesRequests() {
    LanguageModel model = model(Wire.OPENAI);
    model.close();
    model.close();

    assertThatThrownBy(() -> model.chat(ChatRequest.of("Where?")))
        .isInstanceOf(ModelException.class)
        .hasMessageEndingWith("was closed.");
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void keyIsSentAndShownNowhere(Wire wire) {
    List<String> shown = new ArrayList<>();
    Handler log =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            shown.add(entry.getMessage() + trace(entry.getThrown()));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("");
    Level before = logger.getLevel();
    logger.setLevel(Level.ALL);
    logger.addHandler(log);
    try {
      LangChain4jModels.Builder builder =
          custom(wire).maxRetries(1).header("X-Other-Secret", "other-" + KEY);
      shown.add(builder.toString());
      opened = builder.build();
      shown.add(opened.toString());
      shown.add(opened.name());
      answer(wire, json(wire.whole("Paris", false)));
      shown.add(opened.chat(ChatRequest.of("Where?")).toString());
      assertThat(requests().getLast().getHeaders().toString()).contains(KEY, "other-" + KEY);

      for (int status : new int[] {400, 401, 429, 500}) {
        answer(wire, json(wire.error("You gave " + KEY + " and other-" + KEY)).withStatus(status));
        shown.add(trace(failure(opened, false)));
        shown.add(trace(failure(opened, true)));
      }
      answer(wire, json("{\"" + KEY + "\": "));
      shown.add(trace(failure(opened, false)));
      if (wire == Wire.BEDROCK) {
        logger.removeHandler(log); // the AWS SDK logs events of streams, at the level debug
      }
      answer(wire, stream(wire, wire.errorInStream("api_error", "You gave " + KEY)));
      shown.add(trace(failure(opened, true)));
    } finally {
      logger.removeHandler(log);
      logger.setLevel(before);
    }

    assertThat(shown).hasSizeGreaterThan(12).noneMatch(text -> text.contains(KEY));
  }

  private static String trace(@Nullable Throwable thrown) {
    StringWriter trace = new StringWriter();
    if (thrown != null) {
      thrown.printStackTrace(new PrintWriter(trace));
    }
    return trace.toString();
  }

  @Test
  void providersOwnRequestsForAzure() {
    answer(Wire.OPENAI, json(Wire.OPENAI.whole("Paris", false)));
    service.stubFor(
        post(urlPathMatching("/openai/v1/chat/completions"))
            .willReturn(json(Wire.OPENAI.whole("Paris", false))));
    opened =
        LangChain4jModels.custom("azure:mine@http://127.0.0.1:" + service.getPort())
            .apiKey(KEY)
            .build();

    assertThat(opened.chat(full(null)).text()).isEqualTo("Paris");
    assertThat(requests().getLast().getHeader("api-key")).isEqualTo(KEY);
    assertThat(requests().getLast().containsHeader("Authorization")).isFalse();
    assertThat(sent().path("max_completion_tokens").asInt()).isEqualTo(77);
    assertThat(sent().path("model").asText()).isEqualTo("mine");
  }

  @Test
  void embeddings() {
    service.stubFor(
        post(urlPathMatching("/embeddings"))
            .willReturn(
                json(
                    """
                    {"model": "m", "data": [
                      {"index": 0, "embedding": [1.0, 2.0, 3.0]},
                      {"index": 1, "embedding": [4.0, 5.0, 6.0]}],
                     "usage": {"prompt_tokens": 2, "total_tokens": 2}}
                    """)));
    EmbeddingModel model =
        LangChain4jModels.custom("openai:small@http://127.0.0.1:" + service.getPort())
            .apiKey(KEY)
            .buildEmbedding();

    assertThat(model.embed(List.of("a", "b")))
        .containsExactly(new float[] {1, 2, 3}, new float[] {4, 5, 6});
    assertThat(model.dimensions()).isEqualTo(3);
    assertThatThrownBy(() -> model.embed(List.of(" "))).hasMessageContaining("no blank text");
    assertThatThrownBy(() -> model.embed(List.of("a")))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.BAD_RESPONSE))
        .hasMessageEndingWith("made 2 vectors of 1 texts.");
    assertThatThrownBy(() -> custom(Wire.ANTHROPIC).buildEmbedding())
        .hasMessage("anthropic has no embedding models by name.");
  }
}
