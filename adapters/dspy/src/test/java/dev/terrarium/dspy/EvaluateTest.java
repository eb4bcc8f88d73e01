package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Evaluations of real programs on a fake model. One Terrarium serves all. */
@Tag("graalpy")
class EvaluateTest {

  enum Color {
    RED,
    GREEN,
    BLUE
  }

  record Thing(String thing) {}

  record Painted(Color color) {}

  record Said(String text) {}

  private static final PainterModel MODEL = new PainterModel();
  private static final List<Example<Thing, Painted>> EXAMPLES =
      PainterModel.COLORS.keySet().stream()
          .sorted()
          .map(
              thing ->
                  new Example<>(
                      new Thing(thing), new Painted(Color.valueOf(PainterModel.color(thing)))))
          .toList();

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
  void modelAnswersAtOnce() {
    MODEL.before = () -> {};
  }

  private static Evaluation<Thing, Painted> evaluate(EvaluateOptions options) {
    return dspy.evaluate(program, EXAMPLES, Metric.exactMatch(), options);
  }

  @Test
  void scoreIsInPercentAsInDspy() {
    List<Progress.ExampleDone> progress = new ArrayList<>();
    Evaluation<Thing, Painted> result =
        evaluate(EvaluateOptions.ofDefaults().withListener(progress::add));

    assertThat(result.score()).isEqualTo(33.33);
    assertThat(result.ended()).isEqualTo(Evaluation.End.FINISHED);
    assertThat(result.rows()).hasSize(6).allMatch(row -> row.output().isPresent());
    assertThat(result.rows().getFirst().example()).isEqualTo(EXAMPLES.getFirst());
    assertThat(result.failures()).isEmpty();
    assertThat(progress).hasSize(6).last().isEqualTo(new Progress.ExampleDone(6, 6, 0, 33.33));
  }

  @Test
  void frozenProgramRunsAsManyExamplesAtATimeAsThereAreThreads() {
    FrozenDspyProgram<Thing, Painted> frozen = program.freeze();
    CountDownLatch all = new CountDownLatch(6);
    MODEL.before =
        () -> {
          all.countDown();
          await(all);
        };
    Evaluation<Thing, Painted> result =
        dspy.evaluate(
            frozen,
            EXAMPLES,
            Metric.matching((example, output) -> example.expected().equals(output)),
            EvaluateOptions.ofDefaults().withThreads(6));
    assertThat(result.score()).isEqualTo(33.33);
    assertThat(frozen.stats().answered()).isEqualTo(6);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void failuresAreRowsOfTheirOwn() {
    MODEL.before =
        () -> {
          if (MODEL.calls.incrementAndGet() % 2 == 0) {
            throw new IllegalStateException("out of paint");
          }
        };
    Evaluation<Thing, Painted> result = evaluate(EvaluateOptions.ofDefaults().withMaxErrors(100));
    MODEL.before =
        () -> {
          throw new IllegalStateException("out of paint");
        };
    Evaluation<Thing, Painted> none = evaluate(EvaluateOptions.ofDefaults().withMaxErrors(2));

    assertThat(result.rows()).allMatch(row -> row.score().isPresent());
    assertThat(none.ended()).isEqualTo(Evaluation.End.MAX_ERRORS);
    assertThat(none.failures()).hasSizeBetween(2, 3);
    assertThat(none.failures().getFirst().failure().orElseThrow())
        .hasMessageContaining("out of paint");
    assertThat(none.score()).isZero();
    assertThat(none.rows()).anyMatch(row -> row.score().isEmpty());
  }

  @Test
  @Timeout(60)
  void evaluationEndsAtItsDeadlineWithWhatItHas() {
    CountDownLatch never = new CountDownLatch(1);
    double before = evaluate(EvaluateOptions.ofDefaults()).score();
    MODEL.before = () -> await(never);
    Evaluation<Thing, Painted> result =
        evaluate(EvaluateOptions.ofDefaults().withDeadline(Duration.ofMillis(300)));
    assertThat(before).isEqualTo(33.33);
    assertThat(result.ended()).isEqualTo(Evaluation.End.DEADLINE);
    assertThat(result.rows()).allMatch(row -> row.score().isEmpty() && row.failure().isEmpty());
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  @Timeout(60)
  void evaluationEndsWhenItsThreadIsInterrupted() {
    Thread caller = Thread.currentThread();
    CountDownLatch never = new CountDownLatch(1);
    MODEL.before =
        () -> {
          caller.interrupt();
          await(never);
        };
    Evaluation<Thing, Painted> result = evaluate(EvaluateOptions.ofDefaults());
    assertThat(result.ended()).isEqualTo(Evaluation.End.INTERRUPTED);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void metricThatThrowsOrGivesNoScoreIsReportedWithItsExample() {
    assertThatThrownBy(
            () ->
                dspy.evaluate(
                    program,
                    EXAMPLES,
                    Metric.matching(
                        (example, output) -> {
                          throw new IllegalStateException("no brush");
                        })))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("threw java.lang.IllegalStateException: no brush for example 0")
        .hasMessageContaining("cherry")
        .hasRootCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> dspy.evaluate(program, EXAMPLES, Metric.scoring((e, o) -> Double.NaN)))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("returned Score[value=NaN");
    assertThatThrownBy(() -> dspy.evaluate(program, EXAMPLES, nothing()))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("returned null");
    assertThatThrownBy(() -> dspy.evaluate(program, List.of(), Metric.exactMatch()))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("there is no example");
  }

  @SuppressWarnings("NullAway") // as code does that is not checked
  private static Metric<Thing, Painted> nothing() {
    return (example, output, trace) -> null;
  }

  @Test
  void metricMayBeAFunctionInPython() throws Exception {
    Path file = folder.resolve("metric.py");
    Files.writeString(
        file,
        """
        import dspy

        def same(example, prediction, trace=None):
            right = example.color == prediction.color
            return dspy.Prediction(score=right, feedback=f"{example.thing} is {example.color}")

        def broken(example, prediction):
            raise KeyError("paint")
        """);
    Evaluation<Thing, Painted> result =
        dspy.evaluate(program, EXAMPLES, Metric.named("python:" + file + ":same"));
    assertThat(result.score()).isEqualTo(33.33);
    assertThat(result.rows().getFirst().score().orElseThrow().feedback()).contains("cherry is RED");
    assertThatThrownBy(() -> dspy.evaluate(program, EXAMPLES, Metric.python(file, "broken")))
        .isInstanceOf(ArgumentException.class)
        .hasMessageContaining("broken threw KeyError: 'paint'");
    assertThatThrownBy(() -> Metric.named("python:missing.py:same"))
        .hasMessageContaining("missing.py cannot be read");
    assertThatThrownBy(() -> Metric.named("rouge"))
        .hasMessageContaining("Metrics: exact_match, f1, contains, python:FILE.py:FUNCTION");
  }

  @Test
  void tableIsWrittenAsCsvAndJson() {
    Example<Thing, Painted> example = new Example<>(new Thing("a \"red\", rose"), painted());
    Evaluation<Thing, Painted> result =
        dspy.evaluate(
            program,
            List.of(example),
            Metric.explaining((e, o) -> Score.of(true).withFeedback("well\ndone")));
    assertThat(result.toCsv())
        .isEqualTo(
            """
            thing,example_color,pred_color,score,feedback,error\r
            "a ""red"", rose",RED,RED,1.0,"well\ndone",\r
            """);
    assertThat(result.toJson())
        .startsWith("{\"score\":100.0,\"ended\":\"FINISHED\",\"rows\":[{\"thing\":");
  }

  private static Painted painted() {
    return new Painted(Color.RED);
  }

  /** The texts and figures are those of dspy.evaluate.metrics 3.4.1 on CPython. */
  @Test
  void builtInMetricsScoreAsDspyDoes() {
    assertThat(NamedMetric.normalized("The,  Eiffel\u00a0Tower!")).isEqualTo("eiffel tower");
    assertThat(NamedMetric.normalized("An Éclair\tand THE «theme»"))
        .isEqualTo("e\u0301clair and «theme»");
    assertThat(of(Metric.f1(), "Eiffel Tower is in Paris", "Paris"))
        .isCloseTo(1 / 3.0, within(1e-9));
    assertThat(of(Metric.f1(), "x x y", "x z")).isCloseTo(0.4, within(1e-9));
    assertThat(of(Metric.f1(), "the", "an")).isZero();
    assertThat(of(Metric.exactMatch(), "the PARIS.", "Paris")).isEqualTo(1);
    assertThat(of(Metric.exactMatch(), "Paris, France", "Paris")).isZero();
    assertThat(of(Metric.exactMatch(), "-5", "5")).isEqualTo(1); // punctuation does not count
    assertThat(of(Metric.contains(), "It is Paris, France.", "a paris")).isEqualTo(1);
    Metric<String, Map<String, ?>> exact = Metric.exactMatch();
    assertThat(
            exact
                .score(
                    new Example<>("q", Map.of("text", List.of("Paris", "Lutetia"))),
                    Map.of("text", "lutetia"),
                    Optional.empty())
                .value())
        .isEqualTo(1);
    Example<String, Map<String, ?>> five = new Example<>("q", Map.of("sum", 5));
    assertThat(exact.score(five, Map.of("sum", 5), Optional.empty()).value()).isEqualTo(1);
    assertThat(exact.score(five, Map.of("sum", -5), Optional.empty()).value()).isZero();
  }

  private static double of(Metric<Said, Said> metric, String found, String expected) {
    return metric
        .score(new Example<>(new Said(""), new Said(expected)), new Said(found), Optional.empty())
        .value();
  }

  @Test
  void optionsRefuseValuesOutOfRange() {
    EvaluateOptions options = EvaluateOptions.ofDefaults();
    assertThatThrownBy(() -> options.withThreads(0)).isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> options.withMaxErrors(0)).isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> options.withFailureScore(Double.NaN))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> options.withDeadline(Duration.ZERO))
        .isInstanceOf(ConfigurationException.class);
  }
}
