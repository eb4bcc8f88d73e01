package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
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
  private static final List<Example<Thing, Painted>> EXAMPLES =
      PainterModel.COLORS.keySet().stream()
          .sorted()
          .map(
              thing ->
                  new Example<>(
                      new Thing(thing), new Painted(Color.valueOf(PainterModel.color(thing)))))
          .toList();
  private static final Metric<Thing, Painted> EXACT = Metric.exactMatch();
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
    assertRefused(Optimizer.knnFewShot(), "chooses demonstrations anew for each input");
    assertRefused(Optimizer.ensemble(), "one program of several");
    assertRefused(Optimizer.bootstrapFinetune(), "trains the weights");
    assertRefused(
        Optimizer.miproV2(),
        "MIPROv2 needs the Python packages numpy, optuna; add the dependency"
            + " dev.terrarium:terrarium-python-dspy-optimizers");
    assertRefused(Optimizer.simba(), "SIMBA needs the Python packages numpy");
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
    assertThatThrownBy(() -> Optimizer.named("adam")).hasMessageContaining("Optimizers: labeled");
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
    Optimizer copro = Optimizer.copro().with("breadth", 3).with("depth", 2);
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
    assertThat(MODEL.calls.get()).isBetween(calls - 14, calls - 7);

    programIsAsItWas();
    assertThat(optimize(copro, options).state()).isEqualTo(whole.state());
    assertThat(MODEL.calls).hasValue(0);

    programIsAsItWas();
    assertThatThrownBy(() -> optimize(LABELS, options))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("is of another optimization: its optimizer is COPRO");
    Files.writeString(file, kept.substring(0, kept.length() / 2));
    assertThatThrownBy(() -> optimize(copro, options))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("run.json cannot be read");
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

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
