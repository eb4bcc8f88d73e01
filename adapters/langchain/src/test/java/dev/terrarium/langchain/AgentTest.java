package dev.terrarium.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ToolException;
import dev.terrarium.langchain.AgentTrace.Step;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Role;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tool.OnFailure;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.time.Duration;
import java.time.LocalTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** LangChain's tool calls in one real context, on a scripted model with tool calls of its own. */
@Tag("graalpy")
class AgentTest {

  record City(@Describe("its name") String city) {}

  record Advice(boolean umbrella) {}

  static final class Weather {
    @ToolMethod("Tells the weather of a city.")
    Map<String, Object> weather(City city) {
      if (city.city().equals("Atlantis")) {
        throw new IllegalArgumentException("there is no Atlantis");
      }
      return Map.of("rain", true, "until", LocalTime.of(18, 30));
    }
  }

  /** A model whose answers a test sets. */
  private static final class Scripted implements LanguageModel {

    private final ConcurrentLinkedQueue<ChatResponse> answers = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<ChatRequest> requests = new ConcurrentLinkedQueue<>();

    void answers(String text) {
      answers.add(
          new ChatResponse(text, FinishReason.STOP, new TokenUsage(3, 2), Duration.ofMillis(1)));
    }

    void calls(ToolCall... calls) {
      answers.add(
          new ChatResponse(
              "",
              List.of(calls),
              null,
              FinishReason.TOOL_CALLS,
              new TokenUsage(3, 2),
              Duration.ofMillis(1)));
    }

    @Override
    public String name() {
      return "scripted";
    }

    @Override
    public boolean takesTools() {
      return true;
    }

    @Override
    public ChatResponse chat(ChatRequest request) {
      requests.add(request);
      ChatResponse answer = answers.poll();
      if (answer == null) {
        throw new IllegalStateException("the script is over");
      }
      return answer;
    }

    @Override
    public void close() {}
  }

  private static final Scripted MODEL = new Scripted();
  private static final Map<String, String> QUESTION = Map.of("question", "Umbrella in Paris?");

  private static Terrarium terrarium;
  private static LangChain langchain;

  @BeforeAll
  static void start() {
    terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(MODEL).build());
    langchain = terrarium.adapter(LangChain.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  @AfterEach
  void nothingIsLeftBehind() {
    while (terrarium.stats().pool().leased() > 0) { // a call that was stopped ends by itself
      Thread.onSpinWait();
    }
    MODEL.answers.clear();
    MODEL.requests.clear();
  }

  private static ToolCall call(String id, String city) {
    return new ToolCall(id, "weather", "{\"city\": \"" + city + "\"}");
  }

  private static LangChain.ToolPrompt prompt(Object... tools) {
    return langchain.prompt("{question}").system("Be brief.").bindTools(Tools.of(tools));
  }

  @Test
  void modelCallsJavaMethodsUntilItAnswers() {
    MODEL.calls(call("a", "Paris"), call("b", "Atlantis"));
    MODEL.answers("Yes.");
    AgentTrace<String> trace = prompt(new Weather()).text().trace(QUESTION);

    assertThat(trace.output()).isEqualTo("Yes.");
    assertThat(trace.steps())
        .containsExactly(
            new Step(
                "weather",
                Map.of("city", "Paris"),
                Map.of("rain", true, "until", LocalTime.of(18, 30)),
                false),
            new Step("weather", Map.of("city", "Atlantis"), "there is no Atlantis", true));
    assertThat(trace.usage()).isEqualTo(new TokenUsage(6, 4));
    ChatRequest first = MODEL.requests.remove();
    assertThat(first.tools().getFirst().name()).isEqualTo("weather");
    assertThat(first.tools().getFirst().description()).isEqualTo("Tells the weather of a city.");
    assertThat(first.tools().getFirst().parameters()).contains("its name");
    assertThat(MODEL.requests.remove().messages())
        .extracting(ChatMessage::role, ChatMessage::toolCallId)
        .containsExactly(
            tuple(Role.SYSTEM, null),
            tuple(Role.USER, null),
            tuple(Role.ASSISTANT, null),
            tuple(Role.TOOL, "a"),
            tuple(Role.TOOL, "b"));
  }

  @Test
  void answerMayBeARecord() {
    MODEL.calls(call("a", "Paris"));
    MODEL.answers("Take one.");
    MODEL.answers("{\"umbrella\": true}");

    assertThat(prompt(new Weather()).as(Advice.class).call(QUESTION)).isEqualTo(new Advice(true));
    assertThat(MODEL.requests)
        .extracting(ChatRequest::toolChoice)
        .containsExactly(ToolChoice.AUTO, ToolChoice.AUTO, ToolChoice.NONE);
  }

  @Test
  void stepsAreLimited() {
    MODEL.calls(call("a", "Paris"));
    MODEL.calls(call("b", "Rome"));

    assertThatThrownBy(() -> prompt(new Weather()).text().withMaxSteps(1).call(QUESTION))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("after 1 steps")
        .hasMessageContaining("withMaxSteps");
    assertThatThrownBy(() -> langchain.prompt("?").bindTools(Tools.of()))
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void exceptionOfAToolEndsTheCallByChoice() {
    Tool strict = Tools.of(new Weather()).list().getFirst().onFailure(OnFailure.END_CALL);
    MODEL.calls(call("a", "Atlantis"));

    assertThatThrownBy(() -> prompt(strict).text().call(QUESTION))
        .isInstanceOf(ToolException.class)
        .hasRootCauseMessage("there is no Atlantis");
  }

  @Test
  void deadlineInterruptsTheTool() throws Exception {
    CompletableFuture<String> ended = new CompletableFuture<>();
    Tool waiting =
        Tool.of(
            "weather",
            "Waits.",
            City.class,
            city -> {
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                ended.complete("interrupted");
                throw e;
              }
              return "never";
            });
    MODEL.calls(call("a", "Paris"));

    Agent<String> agent = prompt(waiting).text().with(CallOptions.deadline(Duration.ofSeconds(2)));
    assertThatThrownBy(() -> agent.call(QUESTION)).isInstanceOf(CallTimeoutException.class);
    assertThat(ended.get(1, TimeUnit.MINUTES)).isEqualTo("interrupted");
  }

  @Test
  void toolMayRunAChainInTheOneContext() {
    TextChain expert = langchain.prompt("{city}?").text();
    Tool ask =
        Tool.of("weather", "Asks.", City.class, city -> expert.call(Map.of("city", city.city())));
    MODEL.calls(call("a", "Paris"));
    MODEL.answers("Rain.");
    MODEL.answers("Yes.");

    assertThat(prompt(ask).text().trace(QUESTION).steps())
        .extracting(Step::result)
        .containsExactly("Rain.");
  }
}
