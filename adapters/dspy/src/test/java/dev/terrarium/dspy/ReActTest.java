package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.ReActTrace.Step;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.ToolException;
import dev.terrarium.llamacpp.LlamaCpp;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tool.OnFailure;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real dspy.ReAct in one real context, on a scripted model and on the real one. */
@Tag("graalpy")
class ReActTest {

  enum Size {
    SMALL,
    LARGE
  }

  record Question(String question) {}

  @Describe("Answer the question.")
  record Answer(BigDecimal price, Optional<LocalDate> day) {}

  record Offer(String product, BigDecimal price, List<Size> sizes) {}

  record Query(String product) {}

  record Text(String answer) {}

  static final class Shop {
    @ToolMethod("Returns the offer of a product.")
    Offer offer(@Describe("the product's name") String product, Size size) {
      if (product.equals("nothing")) {
        throw new IllegalArgumentException("there is no " + product);
      }
      return new Offer(product, new BigDecimal("2.50"), List.of(size));
    }

    @ToolMethod("Returns the day of the delivery.")
    LocalDate delivery() {
      return LocalDate.of(2026, 12, 24);
    }
  }

  private static final ConcurrentLinkedQueue<String> ANSWERS = new ConcurrentLinkedQueue<>();
  private static final ConcurrentLinkedQueue<ChatRequest> REQUESTS = new ConcurrentLinkedQueue<>();
  private static final String FINISH = step("finish", "{}");
  private static final String PRICE =
      "{\"reasoning\": \"Found.\", \"price\": 2.50, \"day\": \"2026-12-24\"}";
  private static final String TOO_LONG = "too long";
  private static final Question QUESTION = new Question("What is the price of tea?");

  private static LanguageModel smollm2;
  private static Terrarium terrarium;
  private static Dspy dspy;

  @BeforeAll
  static void start() {
    smollm2 = new LlamaCpp().open(null);
    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              REQUESTS.add(request);
              String answer = ANSWERS.poll();
              if (answer == null) {
                throw new IllegalStateException("the script is over");
              }
              if (answer.equals(TOO_LONG)) {
                throw new ModelException(Kind.CONTEXT_LENGTH_EXCEEDED, "9000 of 8192 tokens", null);
              }
              return answer;
            });
    terrarium =
        Terrarium.start(
            TerrariumConfig.custom()
                .contexts(1)
                .languageModel(scripted)
                .languageModel(smollm2)
                .build());
    terrarium.register(
        Framework.fromSource(
            "stock",
            """
            from terrarium.bridge import BaseBridge, handler

            class Stock(BaseBridge):
                framework = "stock"

                @handler
                def pieces(self, product: str) -> int:
                    "Return how many pieces there are of a product."
                    return len(product)
            """,
            "stock.py"));
    dspy = terrarium.adapter(Dspy.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
    smollm2.close();
  }

  @AfterEach
  void nothingIsLeftBehind() {
    while (terrarium.stats().pool().leased() > 0) { // a call that was stopped ends by itself
      Thread.onSpinWait();
    }
    assertThat(terrarium.stats().pool().pending()).isZero();
    ANSWERS.clear();
    REQUESTS.clear();
  }

  private static String step(String tool, String arguments) {
    return "{\"next_thought\": \"I call %s.\", \"next_tool_name\": \"%s\", \"next_tool_args\": %s}"
        .formatted(tool, tool, arguments);
  }

  private static void script(String... answers) {
    ANSWERS.addAll(List.of(answers));
  }

  private static Tool waiting(CountDownLatch started, CompletableFuture<String> ended) {
    return Tool.of(
        "wait",
        "Waits.",
        Query.class,
        query -> {
          started.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            ended.complete("interrupted");
            throw e;
          }
          return "never";
        });
  }

  @Test
  void oldestStepsAreDroppedForPromptThatIsTooLong() {
    ReActProgram<Question, Answer> program =
        dspy.react(Question.class, Answer.class, Tools.of(new Shop()));
    String offer = step("offer", "{\"product\": \"tea\", \"size\": \"SMALL\"}");
    script(offer, step("delivery", "{}"), TOO_LONG, FINISH, TOO_LONG, PRICE);
    assertThat(program.trace(QUESTION).steps())
        .extracting(ReActTrace.Step::tool)
        .containsExactly("finish");
    assertThat(REQUESTS).hasSize(6);

    script(TOO_LONG, TOO_LONG);
    assertThatThrownBy(() -> program.call(QUESTION))
        .isInstanceOfSatisfying(
            PythonException.class,
            e ->
                assertThat(e.type()).isEqualTo("dspy.utils.exceptions.ContextWindowExceededError"));
  }

  @Test
  void modelCallsJavaMethodsUntilItHasTheAnswer() {
    script(
        step("offer", "{\"product\": \"tea\", \"size\": \"LARGE\"}"),
        step("delivery", "{}"),
        FINISH,
        PRICE);
    ReActTrace<Answer> trace =
        dspy.react(Question.class, Answer.class, Tools.of(new Shop())).trace(QUESTION);

    assertThat(trace.outputs())
        .isEqualTo(new Answer(new BigDecimal("2.50"), Optional.of(LocalDate.of(2026, 12, 24))));
    assertThat(trace.steps())
        .containsExactly(
            new Step(
                "I call offer.",
                "offer",
                Map.of("product", "tea", "size", "LARGE"),
                Map.of(
                    "product", "tea", "price", new BigDecimal("2.50"), "sizes", List.of("LARGE"))),
            new Step("I call delivery.", "delivery", Map.of(), LocalDate.of(2026, 12, 24)),
            new Step("I call finish.", "finish", Map.of(), "Completed."));
    assertThat(trace.isFinished()).isTrue();
    assertThat(trace.reasoning()).contains("Found.");
    assertThat(trace.usage().completionTokens()).isPositive();
    assertThat(trace.requests())
        .extracting(Traced.Request::predictor, Traced.Request::messages)
        .containsExactlyElementsOf(
            REQUESTS.stream()
                .map(
                    request ->
                        tuple(
                            request.messages().getFirst().content().contains("`next_thought`")
                                ? "react"
                                : "extract.predict",
                            request.messages()))
                .toList());
    assertThat(trace.requests().getLast().response()).isEqualTo(PRICE);
    assertThat(REQUESTS).hasSize(4);
    assertThat(REQUESTS.element().responseSchema())
        .contains("\"enum\":[\"delivery\",\"offer\",\"finish\"]")
        .contains("\"enum\":[\"SMALL\",\"LARGE\"]");
  }

  @Test
  void modelReadsThatAToolDoesNotExist() {
    script(step("ofer", "{}"), FINISH, PRICE);
    ReActTrace<Answer> trace =
        dspy.react(Question.class, Answer.class, Tools.of(new Shop())).trace(QUESTION);
    assertThat(trace.steps())
        .first()
        .isEqualTo(
            new Step(
                "I call ofer.",
                "ofer",
                Map.of(),
                "Execution error in ofer: there is no tool of that name."
                    + " Tools: delivery, offer, finish"));
    assertThat(trace.requests().get(1).messages().getLast().content())
        .contains("there is no tool of that name");
  }

  @Test
  void exceptionOfAToolIsAnObservationOrEndsTheCall() {
    String call = step("offer", "{\"product\": \"nothing\", \"size\": \"SMALL\"}");
    Tools tools = Tools.of(new Shop());
    script(call, step("offer", "{\"product\": 1, \"size\": \"SMALL\"}"), FINISH, PRICE);
    ReActTrace<Answer> trace = dspy.react(Question.class, Answer.class, tools).trace(QUESTION);

    assertThat(trace.steps())
        .extracting(Step::observation)
        .containsExactly(
            "Execution error in offer: there is no nothing",
            "Execution error in offer: Arg product is invalid: 1 is not of type 'string'",
            "Completed.");

    Tools ending =
        Tools.of(tools.list().stream().map(tool -> tool.onFailure(OnFailure.END_CALL)).toList());
    script(call);
    assertThatThrownBy(() -> dspy.react(Question.class, Answer.class, ending).call(QUESTION))
        .isInstanceOf(ToolException.class)
        .hasMessageContaining("The tool 'offer' failed")
        .hasRootCauseMessage("there is no nothing");
  }

  @Test
  void resultThatCannotCrossEndsTheCall() {
    Tool thread = Tool.of("thread", "Returns.", Query.class, query -> Thread.currentThread());
    script(step("thread", "{\"product\": \"tea\"}"));

    assertThatThrownBy(
            () -> dspy.react(Question.class, Answer.class, Tools.of(thread)).call(QUESTION))
        .hasMessageContaining("args.tools.thread()")
        .hasMessageContaining("java.lang.Thread");
  }

  @Test
  void stepsAreLimited() {
    script(step("delivery", "{}"), step("delivery", "{}"), PRICE);
    ReActProgram<Question, Answer> program =
        dspy.react(Question.class, Answer.class, Tools.of(new Shop())).withMaxSteps(2);
    ReActTrace<Answer> trace = program.trace(QUESTION);

    assertThat(trace.steps()).extracting(Step::tool).containsExactly("delivery", "delivery");
    assertThat(trace.isFinished()).isFalse();
    assertThat(trace.outputs().price()).isEqualTo(new BigDecimal("2.50"));
    assertThatThrownBy(() -> program.withMaxSteps(0)).isInstanceOf(ConfigurationException.class);
  }

  @Test
  void deadlineInterruptsTheTool() throws Exception {
    CompletableFuture<String> ended = new CompletableFuture<>();
    Tools tools = Tools.of(waiting(new CountDownLatch(1), ended));
    script(step("wait", "{\"product\": \"tea\"}"));

    assertThatThrownBy(
            () ->
                dspy.react(Question.class, Answer.class, tools)
                    .with(CallOptions.deadline(Duration.ofSeconds(2)))
                    .call(QUESTION))
        .isInstanceOf(CallTimeoutException.class);
    assertThat(ended.get(1, TimeUnit.MINUTES)).isEqualTo("interrupted");
  }

  @Test
  void cancellingInterruptsTheTool() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<String> ended = new CompletableFuture<>();
    script(step("wait", "{\"product\": \"tea\"}"));

    CompletableFuture<Answer> call =
        dspy.react(Question.class, Answer.class, Tools.of(waiting(started, ended)))
            .callAsync(QUESTION);
    assertThat(started.await(1, TimeUnit.MINUTES)).isTrue();
    call.cancel(true);
    assertThat(ended.get(1, TimeUnit.MINUTES)).isEqualTo("interrupted");
  }

  @Test
  void toolMayRunAProgramInTheOneContext() {
    DspyProgram<Question, Text> expert = dspy.predict(Question.class, Text.class);
    Tool ask =
        Tool.of(
            "ask", "Asks an expert.", Question.class, question -> expert.call(question).answer());
    script(step("ask", "{\"question\": \"How much?\"}"), "{\"answer\": \"2.50\"}", FINISH, PRICE);

    assertThat(dspy.react(Question.class, Answer.class, Tools.of(ask)).trace(QUESTION).steps())
        .extracting(Step::observation)
        .containsExactly("2.50", "Completed.");
  }

  @Test
  void pythonFunctionsOfAFrameworkAreTools() {
    terrarium.call("stock", "pieces", Map.of("product", "tea")); // loads it beside DSPy
    Tools tools = Tools.commands(terrarium.adapter("stock"), "pieces");
    terrarium.prewarm("dspy", 1).join();
    script(step("pieces", "{\"product\": \"coffee\"}"), FINISH, PRICE);

    assertThat(dspy.react(Question.class, Answer.class, tools).trace(QUESTION).steps())
        .extracting(Step::observation)
        .containsExactly(6L, "Completed.");
    assertThat(REQUESTS.element().messages().getFirst().content())
        .contains("Return how many pieces there are of a product.");
    assertThatThrownBy(() -> Tools.commands(terrarium.adapter("stock"), "peaces"))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("did you mean 'pieces'?");
  }

  @Test
  void toolsThatDspyCannotHaveAreRefused() {
    Tool finish = Tool.of("finish", "", Query.class, Query::product);

    for (Tools tools : List.of(Tools.of(), Tools.of(finish))) {
      assertThatThrownBy(() -> dspy.react(Question.class, Answer.class, tools))
          .isInstanceOf(ConfigurationException.class);
    }
  }

  @Test
  void embeddedModelCallsToolsThatItsGrammarNames() {
    Tool capital =
        Tool.of(
            "capital",
            "Returns the capital of a country.",
            Country.class,
            country -> "The capital of " + country.country() + " is Paris.");
    Tool population =
        Tool.of(
            "population",
            "Returns the number of people in a country.",
            Country.class,
            country -> 68_000_000);
    ReActProgram<Question, Text> program =
        dspy.react(
                Question.class,
                Text.class,
                Tools.of(capital, population),
                DspyOptions.ofDefaults()
                    .withModel(smollm2.name())
                    .withTemperature(0)
                    .withMaxTokens(200))
            .withMaxSteps(2);
    ReActTrace<Text> trace = program.trace(new Question("What is the capital of France?"));

    assertThat(trace.steps())
        .extracting(Step::tool, Step::arguments, Step::observation)
        .contains(tuple("capital", Map.of("country", "France"), "The capital of France is Paris."));
    assertThat(trace.outputs().answer()).contains("Paris");
    assertThat(program.trace(new Question("What is the capital of France?"))).isEqualTo(trace);
  }

  record Country(String country) {}
}
