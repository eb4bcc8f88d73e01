package dev.terrarium.langchain4j;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.junit5.WireMockExtension;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.LanguageModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What only Amazon Bedrock has: regions, credentials, and the translation of its conversations. */
@Timeout(30)
class BedrockTest {

  private static final String KEY = "marked-key-0815";
  private static final String TOKEN = "marked-session-token-4711";
  private static final String MODEL = "bedrock:" + Wire.BEDROCK.model;
  private static final ObjectMapper JSON = new ObjectMapper();

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

  private static String url() {
    return "http://127.0.0.1:" + service.getPort();
  }

  private LanguageModel opened(LangChain4jModels.Builder builder) {
    opened.add(builder.maxRetries(0).build());
    return opened.getLast();
  }

  private LanguageModel withKey() {
    return opened(LangChain4jModels.custom(MODEL + "@" + url(), Wire.ENVIRONMENT).apiKey(KEY));
  }

  /** Returns a model at the URL that the environment names. */
  private LanguageModel withEnvironment(Map<String, String> others) {
    Map<String, String> environment = new HashMap<>(others);
    environment.putAll(Wire.ENVIRONMENT);
    environment.put("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url());
    return opened(LangChain4jModels.custom(MODEL, environment));
  }

  private static void answer(String body) {
    answer(200, body);
  }

  private static void answer(int status, String body) {
    service.stubFor(post(anyUrl()).willReturn(aResponse().withStatus(status).withBody(body)));
  }

  private static LoggedRequest request() {
    return service.findAll(postRequestedFor(anyUrl())).getLast();
  }

  private static JsonNode sent() {
    try {
      return JSON.readTree(request().getBodyAsString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ModelException failure(ThrowingCallable call) {
    return catchThrowableOfType(ModelException.class, call);
  }

  private static void withProperties(Map<String, String> properties, Runnable task) {
    Map<String, String> before = new HashMap<>();
    properties.forEach((name, value) -> before.put(name, System.getProperty(name, "")));
    properties.forEach(System::setProperty);
    try {
      task.run();
    } finally {
      before.forEach(
          (name, value) -> {
            if (value.isEmpty()) {
              System.clearProperty(name);
            } else {
              System.setProperty(name, value);
            }
          });
    }
  }

  @Test
  void keyOfTheEnvironmentIsSentAsABearerToken() {
    answer(Wire.BEDROCK.whole("Paris", false));

    withEnvironment(Map.of("AWS_BEARER_TOKEN_BEDROCK", KEY)).chat(ChatRequest.of("Where?"));

    assertThat(request().getHeader("Authorization")).isEqualTo("Bearer " + KEY);
  }

  @Test
  void requestIsSignedByTheCredentialsOfTheSdk() {
    answer(Wire.BEDROCK.whole("Paris", false));
    LanguageModel model = withEnvironment(Map.of());

    withProperties(
        Map.of(
            "aws.accessKeyId", "AKIDMARKED",
            "aws.secretAccessKey", "marked-secret",
            "aws.sessionToken", TOKEN),
        () -> {
          model.chat(ChatRequest.of("Wo liegt Köln?"));
          assertThat(request().getHeader("Authorization"))
              .startsWith("AWS4-HMAC-SHA256 Credential=AKIDMARKED/")
              .contains("/eu-central-1/bedrock/aws4_request");
          assertThat(request().getHeader("X-Amz-Security-Token")).isEqualTo(TOKEN);
          assertThat(request().getHeader("Host")).isEqualTo("127.0.0.1:" + service.getPort());
          assertThat(sent().toString()).contains("Wo liegt Köln?");

          // AWS quotes the request when it finds another signature.
          answer(403, "{\"message\": \"should have been x-amz-security-token:" + TOKEN + "\"}");
          ModelException e = failure(() -> model.chat(ChatRequest.of("Where?")));
          assertThat(e.kind()).isEqualTo(Kind.AUTHENTICATION);
          assertThat(e).hasStackTraceContaining("should have been");
          assertThat(e.toString()).doesNotContain(TOKEN);
        });
  }

  @Test
  void missingCredentialsAreAFailureOfAuthentication() {
    LanguageModel model = withEnvironment(Map.of());

    withProperties(
        Map.of(
            "aws.disableEc2Metadata", "true",
            "aws.sharedCredentialsFile", "/nowhere",
            "aws.configFile", "/nowhere"),
        () -> {
          ModelException e = failure(() -> model.chat(ChatRequest.of("Where?")));
          assertThat(e.kind()).isEqualTo(Kind.AUTHENTICATION);
          assertThat(e).hasMessageContaining("set the environment variable AWS_BEARER_TOKEN_BED");
        });
    assertThat(service.findAll(postRequestedFor(anyUrl()))).isEmpty();
  }

  @Test
  void credentialsGoNowhereElse() {
    Map<String, String> environment =
        Map.of("AWS_REGION", "eu-central-1", "AWS_BEARER_TOKEN_BEDROCK", KEY);

    assertThatThrownBy(() -> LangChain4jModels.custom(MODEL + "@" + url(), environment).build())
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.AUTHENTICATION))
        .hasMessageContaining("AWS_ENDPOINT_URL_BEDROCK_RUNTIME; give this URL's by")
        .message()
        .doesNotContain(KEY);
  }

  @Test
  void regionNamesTheUrl() {
    Connection connection =
        Connection.of(
            ModelSpec.parse(MODEL),
            Connection.Settings.ofDefaults(),
            Map.of("AWS_DEFAULT_REGION", "us-west-2", "AWS_BEARER_TOKEN_BEDROCK", KEY)::get);

    assertThat(connection.url()).isEqualTo("https://bedrock-runtime.us-west-2.amazonaws.com");
    assertThat(connection.key()).isEqualTo(KEY);
    assertThat(connection.toString()).doesNotContain(KEY);
  }

  @Test
  void missingOrMalformedRegionIsReported() {
    assertThatThrownBy(() -> LangChain4jModels.custom(MODEL, Map.of()).apiKey(KEY).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("set the environment variable AWS_REGION or AWS_DEFAULT_REGION");
    assertThatThrownBy(
            () -> LangChain4jModels.custom(MODEL, Map.of("AWS_REGION", "eu/a")).apiKey(KEY).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("AWS_REGION: 'eu/a' is no name of a region, such as eu-central-1");
  }

  @Test
  void findingsNameCredentialsAndRegion() {
    assertThat(
            Provider.BEDROCK.finding(
                BedrockTest.class.getClassLoader(),
                Map.of("AWS_ACCESS_KEY_ID", "AKIDMARKED", "AWS_REGION", "eu-central-1")::get))
        .isEqualTo("credentials by AWS_ACCESS_KEY_ID, region in AWS_REGION");
    assertThat(
            Provider.BEDROCK.finding(
                BedrockTest.class.getClassLoader(),
                Map.of("AWS_BEARER_TOKEN_BEDROCK", KEY, "AWS_DEFAULT_REGION", "eu-west-1")::get))
        .isEqualTo("key in AWS_BEARER_TOKEN_BEDROCK, region in AWS_DEFAULT_REGION");
  }

  private static void answerInPieces(String... events) {
    service.stubFor(
        post(anyUrl())
            .willReturn(
                aResponse()
                    .withHeader("Content-Type", Wire.BEDROCK.streamType)
                    .withBody(Wire.BEDROCK.bytes(String.join("", events)))));
  }

  @Test
  void streamIsSignedByTheCredentialsOfTheSdk() {
    answerInPieces(Wire.BEDROCK.stream("Pa", "ris"));
    LanguageModel model = withEnvironment(Map.of());

    withProperties(
        Map.of("aws.accessKeyId", "AKIDMARKED", "aws.secretAccessKey", "marked-secret"),
        () ->
            assertThat(model.stream(ChatRequest.of("Where?"), chunk -> {}).text())
                .isEqualTo("Paris"));
    assertThat(request().getHeader("Authorization"))
        .startsWith("AWS4-HMAC-SHA256 Credential=AKIDMARKED/");
    assertThat(request().getUrl()).endsWith("/converse-stream");
  }

  @Test
  void argumentsOfAStreamedCallAreKept() {
    String arguments = "{\"id\":5000000000,\"note\":null}";
    answerInPieces(
        EventStream.event("messageStart", "{\"role\": \"assistant\"}"),
        EventStream.event(
            "contentBlockStart",
            "{\"start\": {\"toolUse\": {\"toolUseId\": \"a\", \"name\": \"find\"}}}"),
        EventStream.event(
            "contentBlockDelta",
            JSON.createObjectNode()
                .set(
                    "delta",
                    JSON.createObjectNode()
                        .set("toolUse", JSON.createObjectNode().put("input", arguments)))
                .toString()),
        EventStream.event("contentBlockStop", "{}"),
        EventStream.event("messageStop", "{\"stopReason\": \"tool_use\"}"),
        EventStream.event("metadata", "{\"usage\": {}, \"metrics\": {\"latencyMs\": 9}}"));

    assertThat(withKey().stream(ChatRequest.of("Find it."), chunk -> {}).toolCalls())
        .containsExactly(new ToolCall("a", "find", arguments));
  }

  @ParameterizedTest
  @CsvSource({
    "throttlingException, RATE_LIMITED",
    "validationException, INVALID_REQUEST",
    "internalServerException, UNAVAILABLE",
    "serviceUnavailableException, UNAVAILABLE",
    "modelStreamErrorException, UNAVAILABLE"
  })
  void exceptionWithinAStreamBecomesAKind(String type, Kind kind) {
    answerInPieces(
        Wire.BEDROCK.begin("Pa"), EventStream.exception(type, "{\"message\": \"Not now\"}"));

    ModelException e = failure(() -> withKey().stream(ChatRequest.of("Where?"), chunk -> {}));

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e).hasMessageContaining("reported an error in its answer: Not now");
  }

  @ParameterizedTest
  @CsvSource({
    "guardrail_intervened, CONTENT_FILTERED",
    "malformed_model_output, BAD_RESPONSE",
    "something_new, BAD_RESPONSE"
  })
  void endOfAStreamBecomesAKind(String reason, Kind kind) {
    answerInPieces(
        Wire.BEDROCK.begin("Sorry"),
        EventStream.event("messageStop", "{\"stopReason\": \"" + reason + "\"}"),
        EventStream.event("metadata", "{\"usage\": {}, \"metrics\": {\"latencyMs\": 9}}"));

    assertThat(failure(() -> withKey().stream(ChatRequest.of("Where?"), chunk -> {})).kind())
        .isEqualTo(kind);
  }

  @Test
  void schemaIsAnInstructionUnlessTheUserSaysOtherwise() {
    answer(Wire.BEDROCK.whole("{\"answer\": 1}", false));

    withKey()
        .chat(
            ChatRequest.builder()
                .message(ChatMessage.user("Where?"))
                .responseSchema(
                    """
                    {"type": "object", "properties": {"answer": {"type": "integer"}},
                     "required": ["answer"], "additionalProperties": false}
                    """)
                .build());

    assertThat(sent().has("outputConfig")).isFalse();
    assertThat(sent().at("/system/0/text").asText()).contains("Answer with JSON alone");
  }

  @Test
  void argumentsOfEarlierCallsAreKept() throws JsonProcessingException {
    answer(Wire.BEDROCK.whole("Yes", false));
    String arguments =
        "{\"id\":5000000000,\"share\":0.1,\"note\":null,\"tags\":[\"a\",true,{\"b\":null}]}";

    withKey()
        .chat(
            ChatRequest.builder()
                .message(ChatMessage.user("Find it."))
                .message(ChatMessage.assistant("", List.of(new ToolCall("a", "find", arguments))))
                .message(ChatMessage.tool("a", "found"))
                .build());

    assertThat(sent().at("/messages/1/content/0/toolUse/input"))
        .isEqualTo(JSON.readTree(arguments));
  }

  @Test
  void argumentsOfAnAnsweredCallAreKept() throws JsonProcessingException {
    String arguments = "{\"id\":5000000000,\"share\":0.1,\"note\":null,\"tags\":[true]}";
    answer(ToolWire.whole(Wire.BEDROCK).replace("{\"place\": \"Rome\"}", arguments));

    ToolCall call = withKey().chat(ChatRequest.of("Find it.")).toolCalls().getFirst();

    assertThat(JSON.readTree(call.arguments())).isEqualTo(JSON.readTree(arguments));
  }

  @Test
  void messagesOfOneRoleAreOne() {
    answer(Wire.BEDROCK.whole("Yes", false));

    withKey()
        .chat(
            ChatRequest.builder()
                .message(ChatMessage.user("One"))
                .message(ChatMessage.user("Two"))
                .message(ChatMessage.assistant("Three"))
                .message(ChatMessage.user("Four"))
                .build());

    assertThat(sent().at("/messages").findValuesAsText("role"))
        .containsExactly("user", "assistant", "user");
    assertThat(sent().at("/messages/0/content").findValuesAsText("text"))
        .containsExactly("One", "Two");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "400 | ValidationException | Input is too long for requested model. |"
            + " CONTEXT_LENGTH_EXCEEDED",
        "400 | ValidationException | Number of input tokens exceeds maximum length |"
            + " CONTEXT_LENGTH_EXCEEDED",
        "400 | ValidationException | The provided model identifier is invalid. | UNKNOWN_MODEL",
        "404 | ResourceNotFoundException | Could not resolve the foundation model | UNKNOWN_MODEL",
        "400 | ValidationException | Output blocked by content filtering policy | CONTENT_FILTERED",
        "400 | ValidationException | The toolConfig field must be defined | INVALID_REQUEST",
        "400 | ServiceQuotaExceededException | Your request exceeds the quota | QUOTA_EXCEEDED",
        "429 | ThrottlingException | Too many tokens, please wait | RATE_LIMITED",
        "403 | AccessDeniedException | User is not authorized | AUTHENTICATION",
        "403 | ExpiredTokenException | The security token is expired | AUTHENTICATION",
        "408 | ModelTimeoutException | The request took too long | TIMED_OUT",
        "424 | ModelErrorException | An error while processing the model | UNAVAILABLE",
        "503 | ServiceUnavailableException | Bedrock is unable to process it | UNAVAILABLE",
      })
  void failureOfBedrockBecomesAKind(int status, String type, String message, Kind kind) {
    service.stubFor(
        post(anyUrl())
            .willReturn(
                aResponse()
                    .withStatus(status)
                    .withHeader("x-amzn-ErrorType", type + ":http://internal.amazon.com/")
                    .withBody("{\"Message\": \"" + message + "\"}")));

    ModelException e = failure(() -> withKey().chat(ChatRequest.of("Where?")));

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e).hasMessageEndingWith("answered with status " + status + ": " + message);
    assertThat(service.findAll(postRequestedFor(anyUrl()))).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "guardrail_intervened, CONTENT_FILTERED",
    "content_filtered, CONTENT_FILTERED",
    "malformed_tool_use, BAD_RESPONSE",
    "something_new, BAD_RESPONSE"
  })
  void endOfAnAnswerBecomesAKind(String reason, Kind kind) {
    answer(Wire.BEDROCK.whole("Sorry", false).replace("end_turn", reason));

    assertThat(failure(() -> withKey().chat(ChatRequest.of("Where?"))).kind()).isEqualTo(kind);
  }

  @Test
  void answerThatFillsTheContextIsCutByItsLimit() {
    answer(Wire.BEDROCK.whole("Par", false).replace("end_turn", "model_context_window_exceeded"));

    assertThat(withKey().chat(ChatRequest.of("Where?")).finishReason())
        .isEqualTo(FinishReason.LENGTH);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"output\": 5, \"stopReason\": \"end_turn\"}",
        "{\"output\": {\"message\": {\"role\": \"assistant\", \"content\": [{\"new\": {}}]}}, "
            + "\"stopReason\": \"end_turn\"}",
        "{\"output\": {\"message\": {\"role\": \"assistant\", \"content\": [{\"text\": \"a\"}]}}}",
        "[]",
      })
  void answerWithoutAMessageIsABadResponse(String body) {
    answer(body);

    assertThat(failure(() -> withKey().chat(ChatRequest.of("Where?"))).kind())
        .isEqualTo(Kind.BAD_RESPONSE);
  }
}
