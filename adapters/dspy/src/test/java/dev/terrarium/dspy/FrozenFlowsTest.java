package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.CallOptions;
import dev.terrarium.Describe;
import dev.terrarium.Stats;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.ReActTrace.Step;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.ToolException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.testkit.FakeLanguageModel;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tool.OnFailure;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that compare frozen programs of several requests with DSPy's own runs: what they ask, what
 * they call and what comes of it.
 */
@Tag("graalpy")
class FrozenFlowsTest {

  record Question(String question) {}

  record Text(String answer) {}

  record Price(String answer, int cents) {}

  record Query(@Describe("the product's name") String product) {}

  record Offer(String product, BigDecimal price, List<String> sizes, Optional<LocalDate> until) {}

  enum Size {
    SMALL,
    LARGE
  }

  /** A shop that counts how often each of its tools is called. */
  static final class Shop {

    final Map<String, Integer> calls = new HashMap<>();

    private void count(String tool) {
      calls.merge(tool, 1, Integer::sum);
    }

    @ToolMethod("Returns the offer of a product.")
    Offer offer(String product, Size size) {
      count("offer");
      if (product.equals("nothing")) {
        throw new IllegalArgumentException("there is no " + product);
      }
      return new Offer(
          product,
          new BigDecimal("2.50"),
          List.of("S", size.name()),
          Optional.of(LocalDate.of(2026, 12, 24)));
    }

    @ToolMethod("Returns the names of all products.")
    List<String> products(int most) {
      count("products");
      return List.of("tea", "«coffee»\nand more").subList(0, most);
    }

    @ToolMethod("Returns the numbers of all products.")
    List<Integer> numbers() {
      count("numbers");
      return List.of(1, 2);
    }

    @ToolMethod("Returns how much there is of a product, in kilograms.")
    double weight(@Nullable String product) {
      count("weight");
      return 0.5;
    }
  }

  private static final Question QUESTION = new Question("How much is \"tea\" & <milk>?\n");
  private static final Deque<Supplier<String>> SCRIPT = new ArrayDeque<>();
  private static final List<ChatRequest> REQUESTS = new ArrayList<>();

  private static Terrarium terrarium;
  private static Dspy dspy;

  @BeforeAll
  static void start() {
    FakeLanguageModel scripted =
        FakeLanguageModel.of(
            request -> {
              REQUESTS.add(request);
              Supplier<String> next = SCRIPT.poll();
              if (next == null) {
                throw new IllegalStateException("the script is over");
              }
              return next.get();
            });
    terrarium =
        Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(scripted).build());
    dspy = terrarium.adapter(Dspy.class);
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
    SCRIPT.clear();
    REQUESTS.clear();
  }

  private static long callsOfContexts() {
    return terrarium.stats().pool().contexts().stream().mapToLong(Stats.Context::calls).sum();
  }

  private static void script(String... answers) {
    for (String answer : answers) {
      SCRIPT.add(() -> answer);
    }
  }

  private static DspyOptions options(DspyAdapter adapter) {
    return DspyOptions.ofDefaults().withAdapter(adapter).withTemperature(0.25).withMaxTokens(99);
  }

  /** What a call asked, what it left of the script, and its result or failure. */
  private record Outcome(List<ChatRequest> requests, int unused, String result) {

    static Outcome of(List<? extends Supplier<String>> script, Supplier<?> call) {
      SCRIPT.clear();
      SCRIPT.addAll(script);
      REQUESTS.clear();
      String result;
      try {
        result = String.valueOf(call.get());
      } catch (RuntimeException e) {
        String type = e instanceof PythonException python ? python.type() : "";
        result = e.getClass() + " " + type + " " + e.getMessage();
      }
      return new Outcome(List.copyOf(REQUESTS), SCRIPT.size(), result);
    }
  }

  /** Compares a program with its frozen form on the same answers. */
  private static Outcome sameAs(
      Supplier<?> plain, Supplier<?> frozen, List<? extends Supplier<String>> script) {
    Outcome expected = Outcome.of(script, plain);
    Outcome found = Outcome.of(script, frozen);
    assertThat(found.result()).isEqualTo(expected.result());
    assertThat(found).isEqualTo(expected);
    return found;
  }

  private static Outcome sameAs(Supplier<?> plain, Supplier<?> frozen, String... answers) {
    List<Supplier<String>> script = new ArrayList<>();
    for (String answer : answers) {
      script.add(() -> answer);
    }
    return sameAs(plain, frozen, script);
  }

  private static Supplier<String> failing(ModelException.Kind kind) {
    return () -> {
      throw new ModelException(kind, "not now", null);
    };
  }

  // ------------------------------------------------------------------ attempts

  /** Rates outputs by what is in them, and counts how often it is asked. */
  private static final class Brevity implements Reward<Question, Price> {

    int asked;

    @Override
    public double of(Question question, Price price) {
      asked++;
      if (price.answer().equals("throw")) {
        throw new IllegalStateException("no scale");
      }
      return price.answer().equals("unrated") ? Double.NaN : -price.answer().length();
    }
  }

  private static String price(DspyAdapter adapter, String answer, String cents) {
    return switch (adapter) {
      case XML -> "<answer>" + answer + "</answer><cents>" + cents + "</cents>";
      case JSON -> "{\"answer\": \"%s\", \"cents\": %s}".formatted(answer, cents);
      default -> "[[ ## answer ## ]]\n%s\n[[ ## cents ## ]]\n%s".formatted(answer, cents);
    };
  }

  private static final List<String> WORDS =
      List.of("", "tea", "much tea", "a tea of a kind", "unrated", "throw", "Zoë «»", "0");
  private static final List<String> CENTS = List.of("250", "-1", "2.0", "\"7\"", "much", "");

  private static List<Supplier<String>> prices(Random random, DspyAdapter adapter, int count) {
    List<Supplier<String>> script = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (random.nextInt(12) == 0) {
        script.add(failing(ModelException.Kind.OTHER));
        continue;
      }
      String word = WORDS.get(random.nextInt(WORDS.size()));
      String cents = random.nextBoolean() ? "3" : CENTS.get(random.nextInt(CENTS.size()));
      String answer = price(adapter, word, cents);
      script.add(() -> answer);
    }
    return script;
  }

  @ParameterizedTest
  @EnumSource(names = {"JSON", "CHAT", "AUTO", "XML"})
  void attemptsAreThoseOfDspy(DspyAdapter adapter) {
    Brevity reward = new Brevity();
    RewardedProgram<Question, Price> program =
        dspy.bestOfN(dspy.predict(Question.class, Price.class, options(adapter)), 3, -3, reward);
    RewardedProgram<Question, Price> frozen = program.freeze();
    Random random = new Random(1);
    for (int i = 0; i < 12; i++) {
      List<Supplier<String>> script = prices(random, adapter, 6);
      reward.asked = 0;
      Outcome expected = Outcome.of(script, () -> program.trace(QUESTION));
      int asked = reward.asked;
      reward.asked = 0;
      Outcome found = Outcome.of(script, () -> frozen.trace(QUESTION));
      assertThat(found).isEqualTo(expected);
      assertThat(reward.asked).isEqualTo(asked);
    }
    FrozenStats stats = frozen.stats();
    assertThat(stats.answered()).isPositive();
    assertThat(stats.continued()).isPositive();
    assertThat(stats.handedOver()).isZero();
  }

  @Test
  void frozenAttemptsTouchNoContext() {
    RewardedProgram<Question, Price> frozen =
        dspy.bestOfN(dspy.chainOfThought(Question.class, Price.class), 3, -3, new Brevity())
            .freeze();
    long before = callsOfContexts();
    script(
        "{\"reasoning\": \"So.\", \"answer\": \"much tea\", \"cents\": 1}",
        "{\"reasoning\": \"So.\", \"answer\": \"tea\", \"cents\": 2}");

    assertThat(frozen.call(QUESTION)).isEqualTo(new Price("tea", 2));
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 0));
    assertThat(callsOfContexts()).isEqualTo(before);
    assertThat(REQUESTS).extracting(ChatRequest::temperature).containsExactly(1.0, 1.0);
  }

  @Test
  void rewardThatThrowsEndsTheFrozenCall() {
    RewardedProgram<Question, Price> frozen =
        dspy.bestOfN(dspy.predict(Question.class, Price.class), 3, -3, new Brevity()).freeze();
    script(price(DspyAdapter.JSON, "throw", "1"));
    assertThatThrownBy(() -> frozen.call(QUESTION))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no scale");
    assertThat(REQUESTS).hasSize(1);
  }

  @Test
  void neitherModelNorRewardIsAskedAgainWhenDspyGoesOn() {
    Brevity reward = new Brevity();
    RewardedProgram<Question, Price> frozen =
        dspy.bestOfN(dspy.predict(Question.class, Price.class), 3, -3, reward).freeze();
    script(
        price(DspyAdapter.JSON, "much tea", "1"),
        price(DspyAdapter.JSON, "more tea", "\"2\""), // which DSPy converts
        price(DspyAdapter.JSON, "tea", "3"));

    assertThat(frozen.call(QUESTION)).isEqualTo(new Price("tea", 3));
    assertThat(REQUESTS).hasSize(3);
    assertThat(reward.asked).isEqualTo(3);
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(0, 1, 0));
  }

  private static String advice(DspyAdapter adapter, String module, String text) {
    String map = "{\"%s\": \"%s\"}".formatted(module, text);
    return switch (adapter) {
      case XML -> "<discussion>So.</discussion><advice>" + map + "</advice>";
      case JSON -> "{\"discussion\": \"So.\", \"advice\": %s}".formatted(map);
      default -> "[[ ## discussion ## ]]\nSo.\n[[ ## advice ## ]]\n" + map;
    };
  }

  @ParameterizedTest
  @EnumSource(names = {"JSON", "CHAT", "AUTO", "XML"})
  void adviceIsThatOfDspy(DspyAdapter adapter) {
    RewardedProgram<Question, Price> program =
        dspy.refine(
            dspy.predict(Question.class, Price.class, options(adapter)),
            3,
            -3,
            "The answer is short.",
            new Brevity());
    RewardedProgram<Question, Price> frozen = program.freeze();
    Random random = new Random(2);
    for (int i = 0; i < 8; i++) {
      List<Supplier<String>> script = new ArrayList<>();
      for (Supplier<String> attempt : prices(random, adapter, 4)) {
        script.add(attempt);
        String name = random.nextInt(4) == 0 ? "other" : "self";
        String advice = advice(adapter, name, WORDS.get(random.nextInt(WORDS.size())));
        script.add(() -> advice);
      }
      sameAs(() -> program.trace(QUESTION), () -> frozen.trace(QUESTION), script);
    }
    assertThat(frozen.stats().answered()).isPositive();
    assertThat(frozen.stats().continued()).isPositive();
  }

  @Test
  void adviceReachesTheNextFrozenAttempt() {
    RewardedProgram<Question, Price> frozen =
        dspy.refine(dspy.predict(Question.class, Price.class), 2, -3, "It is short.", new Brevity())
            .freeze();
    script(
        price(DspyAdapter.JSON, "much tea", "1"),
        advice(DspyAdapter.JSON, "self", "Say one word."),
        price(DspyAdapter.JSON, "tea", "2"));
    assertThat(frozen.call(QUESTION)).isEqualTo(new Price("tea", 2));
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 0));
    assertThat(REQUESTS.get(1).messages().toString()).contains("It is short.");
    assertThat(REQUESTS.getLast().messages().toString()).contains("Say one word.");
  }

  @Test
  void attemptsAtWhatCannotBeFrozenAreRefusedByName() {
    Reward<Question, Text> any = (question, text) -> 1;
    RewardedProgram<Question, Text> best =
        dspy.bestOfN(dspy.react(Question.class, Text.class, Tools.of(new Shop())), 2, 1, any);
    assertThatThrownBy(best::freeze)
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("the module ReAct within BestOfN");

    RewardedProgram<Question, Offer> refined =
        dspy.refine(
            dspy.predict(Question.class, Offer.class), 2, 1, "It is good.", (question, offer) -> 1);
    assertThatThrownBy(refined::freeze)
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("output 'price', since it is of the type Decimal");
  }

  // ------------------------------------------------------------------ comparing

  @ParameterizedTest
  @EnumSource(names = {"JSON", "CHAT", "XML"})
  void comparedAttemptsAreThoseOfDspy(DspyAdapter adapter) {
    ComparisonProgram<Question, Price> program =
        dspy.multiChainComparison(Question.class, Price.class, 2, options(adapter));
    ComparisonProgram<Question, Price> frozen = program.freeze();
    List<Traced<Price>> attempts = new ArrayList<>();
    for (String reasoning : List.of("  It is\nnear. ", "It is «big».")) {
      attempts.add(traced(new Price(reasoning, attempts.size()), Optional.of(reasoning)));
    }
    String rest = price(adapter, "tea", "250");
    String answer =
        switch (adapter) {
          case XML -> "<rationale>Big.</rationale>" + rest;
          case JSON -> "{\"rationale\": \"Big.\", " + rest.substring(1);
          default -> "[[ ## rationale ## ]]\nBig.\n" + rest;
        };
    Outcome outcome =
        sameAs(
            () -> program.call(QUESTION, attempts), () -> frozen.call(QUESTION, attempts), answer);
    assertThat(outcome.result()).isEqualTo(new Price("tea", 250).toString());
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 0));

    List<Traced<Price>> silent =
        List.of(attempts.get(0), traced(new Price("", 1), Optional.empty()));
    sameAs(() -> program.call(QUESTION, silent), () -> frozen.call(QUESTION, silent), answer);
    sameAs(
        () -> program.call(QUESTION, attempts.subList(0, 1)),
        () -> frozen.call(QUESTION, attempts.subList(0, 1)),
        answer);
    sameAs(() -> program.call(QUESTION, attempts), () -> frozen.call(QUESTION, attempts), "none");
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 1, 2));
  }

  private static <O> Traced<O> traced(O outputs, Optional<String> reasoning) {
    Traced<Map<String, @Nullable Object>> any =
        UntypedDspyProgram.read(Map.of("outputs", Map.of()));
    return new Traced<>(
        outputs, reasoning, any.finishReason(), any.messages(), any.usage(), any.requests());
  }

  // ------------------------------------------------------------------ steps

  private static String step(DspyAdapter adapter, String tool, String arguments) {
    return switch (adapter) {
      case XML ->
          "<next_thought>I call.</next_thought><next_tool_name>%s</next_tool_name><next_tool_args>%s</next_tool_args>"
              .formatted(tool, arguments);
      case JSON ->
          "{\"next_thought\": \"I call.\", \"next_tool_name\": \"%s\", \"next_tool_args\": %s}"
              .formatted(tool, arguments);
      default ->
          "[[ ## next_thought ## ]]\nI call.\n[[ ## next_tool_name ## ]]\n%s\n[[ ## next_tool_args ## ]]\n%s"
              .formatted(tool, arguments);
    };
  }

  private static String end(DspyAdapter adapter, String cents) {
    String rest = price(adapter, "tea", cents);
    return switch (adapter) {
      case XML -> "<reasoning>So.</reasoning>" + rest;
      case JSON -> "{\"reasoning\": \"So.\", " + rest.substring(1);
      default -> "[[ ## reasoning ## ]]\nSo.\n" + rest;
    };
  }

  private static String jsonStep(String tool, String arguments) {
    return step(DspyAdapter.JSON, tool, arguments);
  }

  /** Pairs of a tool and arguments that Java runs exactly. */
  private static final List<List<String>> EXACT_STEPS =
      List.of(
          List.of("offer", "{\"product\": \"tea\", \"size\": \"LARGE\"}"),
          List.of("offer", "{\"product\": \"nothing\", \"size\": \"SMALL\"}"),
          List.of("products", "{\"most\": 1}"),
          List.of("products", "{\"most\": 2}"),
          List.of("weight", "{\"product\": \"tea\"}"),
          List.of("finish", "{}"));

  /** Pairs of a tool and arguments that Java may leave to DSPy. */
  private static final List<List<String>> OTHER_STEPS =
      List.of(
          List.of("offer", "{\"product\": \"tea\", \"size\": \"HUGE\"}"),
          List.of("offer", "{\"product\": 1, \"size\": \"SMALL\"}"),
          List.of("offer", "{\"product\": \"tea\"}"),
          List.of("offer", "{\"product\": \"tea\", \"size\": \"SMALL\", \"more\": [1.5, null]}"),
          List.of("products", "{\"most\": 0}"),
          List.of("products", "{\"most\": 2.0}"),
          List.of("products", "{\"most\": 7}"),
          List.of("numbers", "{}"),
          List.of("weight", "{\"product\": null}"),
          List.of("weight", "{\"self\": 1}"),
          List.of("ofer", "{}"),
          List.of("finish", "{\"why\": 1}"),
          List.of("offer", "[]"),
          List.of("offer", "much"));

  @ParameterizedTest
  @EnumSource(names = {"JSON", "CHAT", "AUTO", "XML"})
  void stepsAreThoseOfDspy(DspyAdapter adapter) {
    Shop shop = new Shop();
    ReActProgram<Question, Price> program =
        dspy.react(Question.class, Price.class, Tools.of(shop), options(adapter)).withMaxSteps(4);
    ReActProgram<Question, Price> frozen = program.freeze();
    Random random = new Random(3);
    for (int i = 0; i < 20; i++) {
      List<Supplier<String>> script = new ArrayList<>();
      boolean finished = false;
      for (int k = 0; k < 4 && !finished; k++) {
        List<List<String>> steps = random.nextInt(4) > 0 ? EXACT_STEPS : OTHER_STEPS;
        List<String> next = steps.get(random.nextInt(steps.size()));
        if (random.nextInt(20) == 0) {
          script.add(failing(ModelException.Kind.CONTEXT_LENGTH_EXCEEDED));
        }
        String answer = step(adapter, next.get(0), next.get(1));
        script.add(() -> answer);
        finished = next.get(0).equals("finish");
      }
      String end =
          end(adapter, random.nextBoolean() ? "3" : CENTS.get(random.nextInt(CENTS.size())));
      script.add(() -> end);
      script.add(() -> end);

      shop.calls.clear();
      Outcome expected = Outcome.of(script, () -> program.trace(QUESTION));
      Map<String, Integer> called = Map.copyOf(shop.calls);
      shop.calls.clear();
      Outcome found = Outcome.of(script, () -> frozen.trace(QUESTION));
      assertThat(found.result()).isEqualTo(expected.result());
      assertThat(found).isEqualTo(expected);
      assertThat(shop.calls).isEqualTo(called);
    }
    assertThat(frozen.stats().answered()).isPositive();
    assertThat(frozen.stats().continued()).isPositive();
    assertThat(frozen.stats().handedOver()).isZero();
  }

  @Test
  void frozenStepsTouchNoContextAndCallToolsDirectly() {
    List<Long> leased = new ArrayList<>();
    Tool look =
        Tool.of(
            "look",
            "Looks.",
            Query.class,
            query -> {
              leased.add((long) terrarium.stats().pool().leased());
              return query.product();
            });
    ReActProgram<Question, Price> frozen =
        dspy.react(Question.class, Price.class, Tools.of(look)).freeze();
    long before = callsOfContexts();
    script(
        jsonStep("look", "{\"product\": \"tea\"}"),
        jsonStep("finish", "{}"),
        end(DspyAdapter.JSON, "250"));
    ReActTrace<Price> trace = frozen.trace(QUESTION);

    assertThat(trace.outputs()).isEqualTo(new Price("tea", 250));
    assertThat(trace.steps())
        .containsExactly(
            new Step("I call.", "look", Map.of("product", "tea"), "tea"),
            new Step("I call.", "finish", Map.of(), "Completed."));
    assertThat(trace.requests())
        .extracting(Traced.Request::predictor)
        .containsExactly("react", "react", "extract.predict");
    assertThat(leased).containsExactly(0L);
    assertThat(callsOfContexts()).isEqualTo(before);
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 0));
    assertThat(frozen.withMaxSteps(1).stats()).isEqualTo(frozen.stats());
  }

  @Test
  void trajectoryThatDoesNotFitIsLeftToDspy() {
    ReActProgram<Question, Price> program =
        dspy.react(Question.class, Price.class, Tools.of(new Shop()));
    ReActProgram<Question, Price> frozen = program.freeze();
    Supplier<String> tooLong = failing(ModelException.Kind.CONTEXT_LENGTH_EXCEEDED);
    Supplier<String> look = () -> jsonStep("products", "{\"most\": 1}");
    Supplier<String> finish = () -> jsonStep("finish", "{}");
    Supplier<String> end = () -> end(DspyAdapter.JSON, "1");
    Supplier<?> plainly = () -> program.trace(QUESTION);
    Supplier<?> frozenly = () -> frozen.trace(QUESTION);

    sameAs(plainly, frozenly, List.of(look, look, tooLong, look, finish, tooLong, tooLong, end));
    sameAs(plainly, frozenly, List.of(look, look, look, tooLong, tooLong, tooLong, end));
    sameAs(plainly, frozenly, List.of(look, tooLong, end));
    sameAs(plainly, frozenly, List.of(tooLong, tooLong));
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(0, 4, 0));
  }

  @Test
  void toolThatEndsTheCallEndsTheFrozenCall() {
    Tools ending =
        Tools.of(
            Tools.of(new Shop()).list().stream()
                .map(tool -> tool.onFailure(OnFailure.END_CALL))
                .toList());
    ReActProgram<Question, Price> frozen = dspy.react(Question.class, Price.class, ending).freeze();
    script(jsonStep("offer", "{\"product\": \"nothing\", \"size\": \"SMALL\"}"));
    assertThatThrownBy(() -> frozen.call(QUESTION))
        .isInstanceOf(ToolException.class)
        .hasRootCauseMessage("there is no nothing");
  }

  @Test
  void resultThatCannotCrossEndsTheFrozenCall() {
    Tool object = Tool.of("object", "Returns.", Query.class, query -> new Object());
    ReActProgram<Question, Price> frozen =
        dspy.react(Question.class, Price.class, Tools.of(object)).freeze();
    script(jsonStep("object", "{\"product\": \"tea\"}"));
    assertThatThrownBy(() -> frozen.call(QUESTION))
        .hasMessageContaining("args.tools.object()")
        .hasMessageContaining("java.lang.Object");
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
  void deadlineAndCancellingInterruptTheToolOfAFrozenCall() throws Exception {
    for (Function<ReActProgram<Question, Price>, @Nullable Object> stop :
        List.<Function<ReActProgram<Question, Price>, @Nullable Object>>of(
            FrozenFlowsTest::stopByDeadline, FrozenFlowsTest::stopByCancelling)) {
      started = new CountDownLatch(1);
      CompletableFuture<String> ended = new CompletableFuture<>();
      ReActProgram<Question, Price> frozen =
          dspy.react(Question.class, Price.class, Tools.of(waiting(started, ended))).freeze();
      script(jsonStep("wait", "{\"product\": \"tea\"}"));
      Object unused = stop.apply(frozen);
      assertThat(ended.get(1, TimeUnit.MINUTES)).isEqualTo("interrupted");
      assertThat(REQUESTS).hasSize(1);
      REQUESTS.clear();
    }
  }

  private static CountDownLatch started = new CountDownLatch(1);

  private static @Nullable Object stopByDeadline(ReActProgram<Question, Price> program) {
    return assertThatThrownBy(
            () -> program.with(CallOptions.deadline(Duration.ofMillis(500))).call(QUESTION))
        .isInstanceOf(CallTimeoutException.class);
  }

  private static @Nullable Object stopByCancelling(ReActProgram<Question, Price> program) {
    CompletableFuture<Price> call = program.callAsync(QUESTION);
    try {
      assertThat(started.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return call.cancel(true);
  }

  @Test
  void toolOfAFrozenProgramMayRunAProgram() {
    DspyProgram<Question, Text> expert = dspy.predict(Question.class, Text.class);
    Tool ask =
        Tool.of(
            "ask", "Asks an expert.", Question.class, question -> expert.call(question).answer());
    ReActProgram<Question, Price> frozen =
        dspy.react(Question.class, Price.class, Tools.of(ask)).freeze();
    script(
        jsonStep("ask", "{\"question\": \"How much?\"}"),
        "{\"answer\": \"2.50\"}",
        jsonStep("finish", "{}"),
        end(DspyAdapter.JSON, "250"));
    assertThat(frozen.trace(QUESTION).steps())
        .extracting(Step::observation)
        .containsExactly("2.50", "Completed.");
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(1, 0, 0));
  }

  @Test
  void changeOfAProgramThawsItsSteps() {
    ReActProgram<Question, Price> program =
        dspy.react(
            Question.class,
            Price.class,
            Tools.of(new Shop()),
            DspyOptions.ofDefaults().withSeed(7));
    ReActProgram<Question, Price> frozen = program.freeze();
    assertThat(frozen.isFrozen()).isTrue();
    assertThat(program.isFrozen()).isFalse();
    Object state =
        Objects.requireNonNull(
            terrarium.call("dspy", "get_program_state", Map.of("program", program.id())));
    terrarium.call("dspy", "set_program_state", Map.of("program", program.id(), "state", state));
    assertThat(frozen.isFrozen()).isFalse();
    script(jsonStep("finish", "{}"), end(DspyAdapter.JSON, "250"));
    assertThat(frozen.call(QUESTION)).isEqualTo(new Price("tea", 250));
    assertThat(frozen.stats()).isEqualTo(new FrozenStats(0, 0, 1));
  }

  @Test
  void programOfMapsWithToolsIsNotFrozen() {
    ReActProgram<Question, Price> program =
        dspy.react(Question.class, Price.class, Tools.of(new Shop()));
    UntypedDspyProgram untyped = dspy.program(dspy.programs().info(program.id()).spec());
    assertThatThrownBy(untyped::freeze)
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("Freeze the program that Dspy.react");
  }
}
