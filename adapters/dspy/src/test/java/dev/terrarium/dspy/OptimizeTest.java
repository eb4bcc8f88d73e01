package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testkit.JavaProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** DSPy's optimizers on a fake model that answers by demonstrations. One Terrarium serves all. */
@Tag("graalpy")
class OptimizeTest {

  enum Color {
    RED,
    GREEN,
    BLUE
  }

  record Thing(String thing) {}

  record Painted(Color color) {}

  private static final PainterModel MODEL = new PainterModel();
  static final List<Example<Thing, Painted>> EXAMPLES =
      PainterModel.COLORS.keySet().stream()
          .sorted()
          .map(
              thing ->
                  new Example<>(
                      new Thing(thing), new Painted(Color.valueOf(PainterModel.color(thing)))))
          .toList();
  static final Metric<Thing, Painted> EXACT = Metric.exactMatch();
  static final Optimizer COPRO = Optimizer.copro().with("breadth", 3).with("depth", 2);
  private static final Optimizer LABELS = Optimizer.labeledFewShot().with("k", 2);

  private static Terrarium terrarium;
  private static Dspy dspy;
  private static DspyProgram<Thing, Painted> program;

  @TempDir private Path folder = Path.of("");

  @BeforeAll
  static void start() {
    terrarium = Terrarium.start(TerrariumConfig.custom().contexts(2).languageModel(MODEL).build());
    dspy = terrarium.adapter(Dspy.class);
    program = dspy.predict(Thing.class, Painted.class);
  }

  @AfterAll
  static void close() {
    terrarium.close();
  }

  @BeforeEach
  void programIsAsItWas() {
    MODEL.before = () -> {};
    MODEL.suffix = "";
    Map<String, @Nullable Object> none = new HashMap<>();
    none.put("program", program.id());
    none.put("state", null);
    assertThat(terrarium.call("dspy", "set_program_state", none)).isNotNull();
    MODEL.calls.set(0);
    MODEL.most.set(0);
    MODEL.answered.clear();
  }

  @AfterEach
  void nothingIsLeft() {
    MODEL.before = () -> {};
    until(() -> terrarium.stats().pool().active() == 0);
  }

  private static Optimization optimize(Optimizer optimizer, OptimizeOptions options) {
    return dspy.optimize(program, EXAMPLES, List.of(), optimizer, EXACT, options);
  }

  private static double held() {
    return dspy.evaluate(program, EXAMPLES, EXACT).score();
  }

  @Test
  void labeledExamplesTeachTheModelInAllContexts() {
    Optimization result = dspy.optimize(program, EXAMPLES, LABELS, EXACT);

    assertThat(result.ended()).isEqualTo(Optimization.End.FINISHED);
    assertThat(result.candidates().getFirst().score()).isEqualTo(33.33);
    assertThat(result.score()).isEqualTo(100);
    assertThat(result.candidates()).hasSize(2).allMatch(Optimization.Candidate::frozen);
    assertThat(result.modelCalls()).isEqualTo(12).isEqualTo(MODEL.calls.get());
    assertThat(result.tokens()).isEqualTo(60);
    assertThat(held()).isEqualTo(100);
    assertThat(result.lineage())
        .satisfies(
            lineage -> {
              assertThat(lineage.optimizer()).isEqualTo("LabeledFewShot");
              assertThat(lineage.parameters()).isEqualTo(Map.of("k", 2L));
              assertThat(lineage.metric()).isEqualTo("exact_match");
              assertThat(lineage.dspy()).isEqualTo("3.4.1");
              assertThat(lineage.examples()).hasSize(64);
            });
  }

  /** A module whose control flow is Java. */
  private static final class Painter extends DspyModule<Thing, Painted> {

    private final Predictor<Thing, Painted> paint = predict("paint", Thing.class, Painted.class);

    Painter() {
      super(Thing.class, Painted.class);
    }

    @Override
    protected Painted forward(Thing thing, Calls calls) {
      return calls.call(paint, thing);
    }
  }

  @Test
  void predictorsOfAModuleInJavaAreOptimized() {
    Set<String> predictors = ConcurrentHashMap.newKeySet();
    Metric<Thing, Painted> metric =
        (example, output, trace) -> {
          trace.ifPresent(steps -> steps.steps().forEach(step -> predictors.add(step.predictor())));
          return Score.of(example.expected().equals(output));
        };
    DspyModuleProgram<Thing, Painted> module = dspy.module(new Painter());
    Optimization result =
        dspy.optimize(
            module,
            EXAMPLES,
            Optimizer.bootstrapFewShot()
                .with("max_bootstrapped_demos", 1)
                .with("max_labeled_demos", 2),
            metric);

    assertThat(result.candidates().getFirst().score()).isEqualTo(33.33);
    assertThat(result.score()).isEqualTo(100);
    assertThat(result.candidates()).noneMatch(Optimization.Candidate::frozen);
    assertThat(predictors).containsExactly("paint");
    assertThat(module.call(new Thing("sky"))).isEqualTo(new Painted(Color.BLUE));
    assertThat(dspy.evaluate(module.freeze(), EXAMPLES, EXACT).score()).isEqualTo(100);
  }

  @Test
  void candidatesThatCanBeFrozenRunConcurrentlyWithoutPython() {
    CountDownLatch all = new CountDownLatch(6);
    MODEL.before =
        () -> {
          all.countDown();
          await(all);
        };
    assertThat(optimize(LABELS, OptimizeOptions.ofDefaults().withThreads(6)).score())
        .isEqualTo(100);
    assertThat(MODEL.most).hasValueGreaterThanOrEqualTo(6);
  }

  @Test
  void answersThatAreNotPlainGoToAllContexts() {
    MODEL.suffix = " or so";
    CountDownLatch both = new CountDownLatch(2);
    Metric<Thing, Painted> metric =
        (example, output, trace) -> {
          both.countDown();
          await(both);
          return Score.of(example.expected().equals(output));
        };
    Optimization result = dspy.optimize(program, EXAMPLES, LABELS, metric);
    assertThat(result.score()).isEqualTo(100);
    assertThat(MODEL.calls).hasValue(12);
    assertThat(result.modelCalls()).isEqualTo(12);
  }

  @Test
  void bootstrappedDemonstrationsAreRunsThatTheMetricAccepts() {
    List<MetricTrace> traces = new ArrayList<>();
    Metric<Thing, Painted> metric =
        (example, output, trace) -> {
          trace.ifPresent(traces::add);
          return Score.of(example.expected().equals(output));
        };
    Optimizer optimizer =
        Optimizer.bootstrapFewShot().with("max_bootstrapped_demos", 2).with("max_labeled_demos", 2);
    Optimization result = dspy.optimize(program, EXAMPLES, optimizer, metric);
    assertThat(result.score()).isEqualTo(100);
    assertThat((List<?>) result.state().values().get("demos"))
        .first()
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("augmented", true);
    assertThat(traces.getFirst())
        .isEqualTo(
            new MetricTrace(
                List.of(
                    new MetricTrace.Step(
                        "self", Map.of("thing", "cherry"), Map.of("color", "RED"))),
                Optional.empty()));
  }

  @Test
  void randomSearchReportsEachCandidateAndKeepsTheBest() {
    List<Progress.CandidateScored> progress = new ArrayList<>();
    Optimizer optimizer =
        Optimizer.bootstrapFewShotWithRandomSearch()
            .with("num_candidate_programs", 2)
            .with("max_bootstrapped_demos", 1)
            .with("max_labeled_demos", 1);
    Optimization result =
        dspy.optimize(
            program,
            EXAMPLES.subList(0, 3),
            EXAMPLES.subList(3, 6),
            optimizer,
            EXACT,
            OptimizeOptions.ofDefaults().withListener(progress::add));
    assertThat(result.score()).isEqualTo(100);
    assertThat(result.candidates()).allMatch(each -> each.examples() == 3);
    assertThat(progress).hasSize(result.candidates().size() - 1);
    assertThat(progress.getLast().best()).isEqualTo(100);
    assertThat(held()).isEqualTo(100);
  }

  @Test
  void coproFindsABetterInstruction() {
    Optimizer optimizer = Optimizer.copro().with("breadth", 2).with("depth", 1);
    Optimization result = dspy.optimize(program, EXAMPLES, optimizer, EXACT);
    assertThat(result.score()).isEqualTo(100);
    assertThat(held()).isEqualTo(100);
    assertThat(result.state().values().toString()).contains(PainterModel.PROPOSED);
  }

  @Test
  void gepaReflectsOnFeedbackOfJava() {
    List<String> asked = new ArrayList<>();
    Metric<Thing, Painted> metric =
        (example, output, trace) -> {
          trace.flatMap(MetricTrace::predictor).ifPresent(asked::add);
          return Score.of(example.expected().equals(output))
              .withFeedback("It is " + example.expected().color());
        };
    Optimizer optimizer = Optimizer.gepa().with("max_metric_calls", 30).with("use_merge", false);
    Optimization result =
        dspy.optimize(
            program,
            EXAMPLES,
            EXAMPLES.subList(0, 4),
            optimizer,
            metric,
            OptimizeOptions.ofDefaults());
    assertThat(result.score()).isEqualTo(100);
    assertThat(asked).contains("self");
    assertThat(result.state().values().toString()).contains(PainterModel.PROPOSED);
  }

  @Test
  void optimizersRunOneAfterAnother() {
    Optimizer optimizer =
        Optimizer.betterTogether(
            "p -> q",
            Map.of("p", LABELS, "q", Optimizer.copro().with("breadth", 2).with("depth", 1)));
    Optimization result = dspy.optimize(program, EXAMPLES, optimizer, EXACT);
    assertThat(result.score()).isEqualTo(100);
  }

  @Test
  void whatDoesNotRunIsRefusedWithTheReason() {
    assertRefused(Optimizer.knnFewShot(), "create it by dspy.knnFewShot");
    assertRefused(Optimizer.ensemble(), "create it by dspy.ensemble");
    assertRefused(Optimizer.bootstrapFinetune(), "trains the weights");
    assertMissing(
        Optimizer.miproV2(),
        "dspy.MIPROv2 needs optuna: add the dependency"
            + " dev.terrarium:terrarium-python-dspy-optimizers");
    assertMissing(
        Optimizer.simba(),
        "dspy.SIMBA needs numpy: add the dependency dev.terrarium:terrarium-python-numpy");
  }

  private static void assertMissing(Optimizer optimizer, String reason) {
    assertThatThrownBy(() -> dspy.optimize(program, EXAMPLES, optimizer, EXACT))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining(reason);
  }

  private static void assertRefused(Optimizer optimizer, String reason) {
    assertThatThrownBy(() -> dspy.optimize(program, EXAMPLES, optimizer, EXACT))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void parametersAreCheckedByName() {
    assertThatThrownBy(() -> LABELS.with("demos", 3))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("LabeledFewShot has no parameter 'demos'. Parameters: k, sample");
    assertThatThrownBy(() -> LABELS.with("k", 0))
        .hasMessage("LabeledFewShot: k must be a whole number of at least 1, and is 0");
    assertThatThrownBy(() -> Optimizer.miproV2().with("auto", "full"))
        .hasMessage("MIPROv2: auto must be one of light, medium, heavy, and is full");
    assertThatThrownBy(() -> Optimizer.named("adam"))
        .hasMessageEndingWith(
            "Optimizers: labeled, bootstrap, random_search, mipro, copro, simba, gepa");
    assertThat(Optimizer.named("bootstrap").name()).isEqualTo("BootstrapFewShot");
    assertThat(Optimizer.named("MIPROv2").name()).isEqualTo("MIPROv2");
    assertThatThrownBy(() -> Optimizer.betterTogether("p -> w", Map.of("p", LABELS)))
        .hasMessageContaining("names the optimizer 'w'");
    assertThatThrownBy(() -> OptimizeOptions.ofDefaults().withMaxCalls(0))
        .hasMessage("maxCalls: 0 is below 1");
  }

  @Test
  void examplesThatDoNotFitAreNamed() {
    UntypedDspyProgram untyped = dspy.program(Map.of("kind", "predict", "signature", "a -> b"));
    Metric<Map<String, ?>, Map<String, @Nullable Object>> metric = Metric.exactMatch();
    assertThatThrownBy(
            () ->
                dspy.optimize(
                    untyped,
                    List.of(new Example<>(Map.of("c", "x"), Map.of("b", "y"))),
                    List.of(),
                    LABELS,
                    metric,
                    OptimizeOptions.ofDefaults()))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("example train[0]")
        .hasMessageContaining("'a'");
    assertThatThrownBy(() -> dspy.optimize(program, List.of(), LABELS, EXACT))
        .hasMessageContaining("there is no example to train on");
    assertThat(dspy.optimize(program, EXAMPLES.subList(0, 1), LABELS, EXACT).score())
        .isEqualTo(100);
  }

  @Test
  void metricThatFailsEndsTheRunByName() {
    assertFails(
        (example, output, trace) -> {
          throw new IllegalStateException("no brush");
        },
        "threw java.lang.IllegalStateException: no brush for example");
    assertFails((example, output, trace) -> Score.of(Double.NaN), "returned Score[value=NaN");
    assertFails(
        (example, output, trace) -> Score.of(trace.isEmpty() ? 1 : Double.NaN),
        "returned Score[value=NaN");
    assertFails(nothing(), "returned null");
  }

  @SuppressWarnings("NullAway") // as code does that is not checked
  private static Metric<Thing, Painted> nothing() {
    return (example, output, trace) -> null;
  }

  private static void assertFails(Metric<Thing, Painted> metric, String reason) {
    assertThatThrownBy(() -> dspy.optimize(program, EXAMPLES, Optimizer.bootstrapFewShot(), metric))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining(reason);
    assertThat(held()).isEqualTo(33.33);
  }

  @Test
  void budgetEndsTheRunWithTheBestSoFar() {
    Optimizer copro = Optimizer.copro().with("breadth", 2).with("depth", 2);
    Optimization early = optimize(copro, OptimizeOptions.ofDefaults().withMaxCalls(4));
    assertThat(early.ended()).isEqualTo(Optimization.End.BUDGET);
    assertThat(early.candidates()).isEmpty();
    assertThat(MODEL.calls).hasValue(4);
    assertThat(held()).isEqualTo(33.33);

    MODEL.calls.set(0);
    Optimization later = optimize(copro, OptimizeOptions.ofDefaults().withMaxCalls(14));
    assertThat(later.ended()).isEqualTo(Optimization.End.BUDGET);
    assertThat(later.modelCalls()).isEqualTo(14).isEqualTo(MODEL.calls.get());
    assertThat(later.score()).isEqualTo(100);
    assertThat(held()).isEqualTo(100);

    Optimization tokens = optimize(copro, OptimizeOptions.ofDefaults().withMaxTokens(20));
    assertThat(tokens.ended()).isEqualTo(Optimization.End.BUDGET);
  }

  @Test
  @Timeout(60)
  void deadlineAndInterruptionEndTheRunWithTheBestSoFar() {
    CountDownLatch never = new CountDownLatch(1);
    MODEL.before =
        () -> {
          if (MODEL.calls.get() > 13) {
            await(never);
          }
        };
    Optimizer copro = Optimizer.copro().with("breadth", 2).with("depth", 2);
    Optimization late =
        optimize(copro, OptimizeOptions.ofDefaults().withDeadline(Duration.ofSeconds(4)));
    assertThat(late.ended()).isEqualTo(Optimization.End.DEADLINE);
    assertThat(late.candidates()).isNotEmpty();

    Thread caller = Thread.currentThread();
    MODEL.before =
        () -> {
          caller.interrupt();
          await(never);
        };
    Optimization stopped = optimize(LABELS, OptimizeOptions.ofDefaults());
    assertThat(Thread.interrupted()).isTrue();
    assertThat(stopped.ended()).isEqualTo(Optimization.End.INTERRUPTED);
  }

  @Test
  @Timeout(60)
  void secondOptimizerOfAProgramIsRefused() {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    MODEL.before =
        () -> {
          started.countDown();
          await(go);
        };
    CompletableFuture<Optimization> first =
        CompletableFuture.supplyAsync(() -> dspy.optimize(program, EXAMPLES, LABELS, EXACT));
    await(started);
    assertRefused(LABELS, "works on the program '" + program.id() + "' already");
    go.countDown();
    assertThat(first.join().score()).isEqualTo(100);
  }

  @Test
  void stoppedRunGoesOnFromItsCheckpoint() throws Exception {
    Path file = folder.resolve("run.json");
    OptimizeOptions options = OptimizeOptions.ofDefaults().withCheckpoint(file);
    Optimizer copro = COPRO;
    Optimization whole = optimize(copro, OptimizeOptions.ofDefaults());
    int calls = MODEL.calls.get();

    programIsAsItWas();
    Optimization part = optimize(copro, options.withMaxCalls(14));
    assertThat(part.ended()).isEqualTo(Optimization.End.BUDGET);
    assertThat(MODEL.calls).hasValue(14);
    String kept = Files.readString(file);

    programIsAsItWas();
    Optimization rest = optimize(copro, options);
    assertThat(rest.ended()).isEqualTo(Optimization.End.FINISHED);
    assertThat(rest.state()).isEqualTo(whole.state());
    assertThat(rest.candidates().stream().map(Optimization.Candidate::hash))
        .isEqualTo(whole.candidates().stream().map(Optimization.Candidate::hash).toList());
    assertThat(MODEL.calls.get()).isEqualTo(calls - 14);

    programIsAsItWas();
    assertThat(optimize(copro, options).state()).isEqualTo(whole.state());
    assertThat(MODEL.calls).hasValue(0);

    programIsAsItWas();
    assertThatThrownBy(() -> optimize(LABELS, options))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("is of another optimization: its optimizer is COPRO");

    Files.writeString(file, kept.substring(0, kept.length() - 9)); // killed while it was writing
    programIsAsItWas();
    assertThat(optimize(copro, options).state()).isEqualTo(whole.state());
    assertThat(MODEL.calls.get()).isEqualTo(calls - 13);
    assertUnreadable(options, kept.substring(0, kept.indexOf('\n')), "line 1: it has no end");
    assertUnreadable(options, kept + "{\"a\": 1}\n", "it is of no kind that a checkpoint has");
    assertUnreadable(
        options, kept.replaceFirst("\\{\"answer\"", "{answer"), "cannot be read, line");
  }

  private void assertUnreadable(OptimizeOptions options, String text, String reason)
      throws IOException {
    programIsAsItWas();
    Path file = options.checkpoint().orElseThrow();
    Files.writeString(file, text);
    assertThatThrownBy(() -> optimize(COPRO, options))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("run.json")
        .hasMessageContaining(reason);
    assertThat(file).hasContent(text);
  }

  @Test
  @Timeout(180)
  void killedProcessIsGoneOnWithAndAsksNothingAgain() throws Exception {
    Optimization whole = optimize(COPRO, OptimizeOptions.ofDefaults().withThreads(1));
    List<String> asked = List.copyOf(MODEL.answered);
    Path file = folder.resolve("run.json");
    Path answered = folder.resolve("answered.txt");
    Process process =
        JavaProcess.of(OptimizingProcess.class, file.toString(), "14", answered.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(process.inputReader().readLine()).isEqualTo("hangs");
    } finally {
      process.destroyForcibly().waitFor();
    }
    List<String> before =
        Files.readAllLines(answered).stream()
            .map(line -> new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8))
            .toList();
    assertThat(before).hasSize(14).isEqualTo(asked.subList(0, 14));

    programIsAsItWas();
    Optimization rest =
        optimize(COPRO, OptimizeOptions.ofDefaults().withThreads(1).withCheckpoint(file));
    assertThat(rest.ended()).isEqualTo(Optimization.End.FINISHED);
    assertThat(MODEL.answered).isEqualTo(asked.subList(14, asked.size()));
    assertThat(rest.state()).isEqualTo(whole.state());
    assertThat(rest.candidates())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("frozen") // which did not run
        .isEqualTo(whole.candidates());
  }

  @Test
  @Timeout(60)
  void checkpointThatIsOpenIsRefused() throws Exception {
    Path file = folder.resolve("run.json");
    OptimizeOptions options = OptimizeOptions.ofDefaults().withCheckpoint(file);
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    MODEL.before =
        () -> {
          started.countDown();
          await(go);
        };
    RunningOptimization first = start(LABELS, options);
    await(started);
    try {
      DspyProgram<Thing, Painted> other = dspy.chainOfThought(Thing.class, Painted.class);
      assertThatThrownBy(() -> dspy.optimize(other, EXAMPLES, List.of(), LABELS, EXACT, options))
          .isInstanceOf(ArgumentException.class)
          .hasMessageContaining("another optimization has the file");
    } finally {
      go.countDown(); // else the contexts would wait for the model in all later tests
    }
    assertThat(first.result().get().score()).isEqualTo(100);
  }

  private static RunningOptimization start(Optimizer optimizer, OptimizeOptions options) {
    return dspy.optimizeAsync(program, EXAMPLES, List.of(), optimizer, EXACT, options);
  }

  @Test
  @Timeout(60)
  void optimizationRunsInTheBackgroundWithItsProgress() throws Exception {
    RunningOptimization running = start(LABELS, OptimizeOptions.ofDefaults());
    Optimization result = running.result().get();
    assertThat(result.ended()).isEqualTo(Optimization.End.FINISHED);
    assertThat(result.score()).isEqualTo(100);
    assertThat(running.progress()).contains(new Progress.CandidateScored(1, 6, 0, 100, 100));
    assertThat(running.modelCalls()).isEqualTo(12);
    assertThat(running.tokens()).isEqualTo(60);
    running.cancel();
    assertThat(running.result()).isCompletedWithValue(result);

    RunningOptimization refused =
        dspy.optimizeAsync(
            program, List.of(), List.of(), LABELS, EXACT, OptimizeOptions.ofDefaults());
    assertThat(refused.result())
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableThat()
        .withCauseInstanceOf(ArgumentException.class)
        .withMessageContaining("there is no example to train on");
  }

  @Test
  @Timeout(60)
  void cancelledRunLeavesTheBestSoFar() throws Exception {
    CountDownLatch stuck = hangAfter(14);
    RunningOptimization running = start(COPRO, OptimizeOptions.ofDefaults());
    await(stuck);
    assertThatThrownBy(() -> start(LABELS, OptimizeOptions.ofDefaults()))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("already");
    assertThat(running.progress()).isPresent();
    running.cancel();
    Optimization result = running.result().get();
    assertThat(result.ended()).isEqualTo(Optimization.End.CANCELLED);
    assertThat(result.score()).isEqualTo(100);
    nothingIsLeft();
    assertThat(held()).isEqualTo(100);

    programIsAsItWas();
    CountDownLatch again = hangAfter(0);
    RunningOptimization none = start(COPRO, OptimizeOptions.ofDefaults());
    await(again);
    none.result().cancel(true);
    nothingIsLeft();
    until(OptimizeTest::canStart);
    assertThat(held()).isEqualTo(33.33);
  }

  private static boolean canStart() {
    try {
      return start(LABELS, OptimizeOptions.ofDefaults().withMaxCalls(1)).result().get() != null;
    } catch (ArgumentException e) {
      return false;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Has the model hang after a number of answers; returns a latch that opens then. */
  private static CountDownLatch hangAfter(int answers) {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    MODEL.before =
        () -> {
          if (MODEL.calls.get() > answers) {
            stuck.countDown();
            await(never);
          }
        };
    return stuck;
  }

  @Test
  @Timeout(60)
  void runsWithTracesAreMadeAtATime() {
    // After six slow answers for the program as it was, two demonstrations are looked for.
    meet(2, 7, 8);
    Optimization bootstrapped =
        dspy.optimize(
            program,
            EXAMPLES,
            Optimizer.bootstrapFewShot()
                .with("max_bootstrapped_demos", 2)
                .with("max_labeled_demos", 2),
            EXACT);
    assertThat(bootstrapped.score()).isEqualTo(100);

    programIsAsItWas();
    meet(3, 5, 7); // after four answers, the first minibatch is, which has a plan
    Optimization reflected =
        dspy.optimize(
            program,
            EXAMPLES,
            EXAMPLES.subList(0, 4),
            Optimizer.gepa().with("max_metric_calls", 30).with("use_merge", false),
            EXACT,
            OptimizeOptions.ofDefaults());
    assertThat(reflected.score()).isEqualTo(100);
  }

  /** Has calls of the model wait for each other, by their numbers. */
  private static void meet(int parties, int first, int last) {
    CyclicBarrier barrier = new CyclicBarrier(parties);
    MODEL.before =
        () -> {
          int call = MODEL.calls.get();
          if (call < first) {
            LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
          } else if (call <= last) {
            try {
              int unused = barrier.await(20, TimeUnit.SECONDS);
            } catch (Exception e) {
              throw new IllegalStateException("They came one after another.", e);
            }
          }
        };
  }

  @Test
  void ensembleTakesTheMajorityOrWhatAFunctionMakes() {
    ProgramState taught = dspy.optimize(program, EXAMPLES, LABELS, EXACT).state();
    programIsAsItWas();
    ProgramState untaught =
        new ProgramState(
            UntypedDspyProgram.named(
                terrarium.call("dspy", "get_program_state", Map.of("program", program.id()))));
    Thing sky = new Thing("sky");
    assertThat(dspy.ensemble(program, List.of(taught, untaught, taught)).call(sky))
        .isEqualTo(new Painted(Color.BLUE));
    CombinedProgram<Thing, Painted> other =
        dspy.ensemble(program, List.of(untaught, taught, untaught));
    assertThat(other.call(sky)).isEqualTo(new Painted(Color.RED));
    assertThat(other.trace(sky).requests()).hasSize(3);
    assertThat(terrarium.call("dspy", "call", Map.of("program", other.id(), "inputs", sky)))
        .isEqualTo(Map.of("outputs", Map.of("color", "RED")));

    DspyProgram<Thing, Painted> thinking = dspy.chainOfThought(Thing.class, Painted.class);
    CombinedProgram<Thing, Painted> last =
        dspy.ensemble(List.of(program, program), 2, outputs -> new Painted(Color.GREEN));
    assertThat(last.call(sky)).isEqualTo(new Painted(Color.GREEN));
    assertThatThrownBy(() -> dspy.ensemble(List.of(program, thinking)).call(sky))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("spec.programs[1]: must have the inputs and outputs of the first");
    assertThatThrownBy(() -> dspy.ensemble(List.of(program), 2))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("must be from 1 to the number of programs, 1, and is 2");
  }

  @Test
  void nearestDemonstrationsNeedNumpyAndTheirOwnOptimizer() {
    CombinedProgram<Thing, Painted> nearest =
        dspy.knnFewShot(program, EXAMPLES, Optimizer.knnFewShot().with("k", 2), EXACT);
    assertThatThrownBy(() -> nearest.call(new Thing("sky")))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining(
            "dspy.KNNFewShot needs numpy: add the dependency dev.terrarium:terrarium-python-numpy");
    assertThatThrownBy(() -> dspy.knnFewShot(program, EXAMPLES, Optimizer.knnFewShot()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("with the parameter 'k'");
    assertThatThrownBy(() -> dspy.knnFewShot(program, EXAMPLES, LABELS))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("and got LabeledFewShot");
  }

  @Test
  void stateIsSavedWithWhatItComesFromAndLoadedAgain() throws Exception {
    Path file = folder.resolve("state.json");
    dspy.optimize(program, EXAMPLES, LABELS, EXACT).state().save(file);
    assertThat(Files.readString(file))
        .contains("\"dependency_versions\"")
        .contains("\"LabeledFewShot\"");

    programIsAsItWas();
    program.load(file);
    assertThat(held()).isEqualTo(100);
  }

  @Test
  void programKeepsItsStateWhenNothingIsBetter() {
    Metric<Thing, Painted> red = Metric.matching((e, output) -> output.color() == Color.RED);
    Optimization result = dspy.optimize(program, EXAMPLES, LABELS, red);
    assertThat(result.score()).isEqualTo(100);
    assertThat(result.candidates())
        .hasSize(2)
        .last()
        .satisfies(c -> assertThat(c.score()).isLessThan(100));
    assertThat(held()).isEqualTo(33.33);
  }

  private static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
