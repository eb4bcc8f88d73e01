package dev.terrarium.python.optimizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.PythonException;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.testkit.FakeLanguageModel;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The optimizers of real DSPy in real contexts, with and without the jars that they need. The
 * program is right for half of the examples until an optimizer improves it.
 */
@Tag("graalpy")
class OptimizersTest {

  private static final Terrarium TERRARIUM = start(OptimizersTest.class.getClassLoader());

  /** A model to which a longer text is nearer to any. */
  private static final class Lengths implements EmbeddingModel {
    @Override
    public String name() {
      return "lengths";
    }

    @Override
    public int dimensions() {
      return 2;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
      return texts.stream().map(text -> new float[] {text.length(), 1}).toList();
    }
  }

  private static Terrarium start(ClassLoader loader) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      Terrarium terrarium =
          Terrarium.start(
              TerrariumConfig.custom()
                  .contexts(1)
                  .languageModel(FakeLanguageModel.schemaConforming())
                  .embeddingModel(new Lengths())
                  .build());
      terrarium.register(Framework.fromResource("/tuner.py").withPackages("dspy"));
      return terrarium;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @AfterAll
  static void close() {
    TERRARIUM.close();
  }

  private static @Nullable Object optimize(Terrarium terrarium, String optimizer) {
    return terrarium.call("tuner", "optimize", Map.of("optimizer", optimizer));
  }

  @ParameterizedTest
  @ValueSource(strings = {"MIPROv2", "SIMBA", "KNNFewShot", "GEPA", "BootstrapFewShotWithOptuna"})
  void optimizerImprovesAProgram(String optimizer) {
    Map<?, ?> made = (Map<?, ?>) optimize(TERRARIUM, optimizer);

    assertThat(made.get("before")).isEqualTo(0.5);
    assertThat(made.get("after")).as(made.toString()).isEqualTo(1.0);
  }

  @Test
  void retrieversFindTheNearestByNumpy() {
    assertThat(TERRARIUM.call("tuner", "neighbours", Map.of()))
        .isEqualTo(List.of("We won the game", "I hate the rain"));
  }

  @Test
  void programsChooseDemonstrationsOfTheNearestExamples() {
    Map<String, Object> ask = Map.of("kind", "predict", "signature", "question -> answer");
    List<Map<String, Object>> train =
        Stream.of("one", "three", "sixteen")
            .<Map<String, Object>>map(
                text ->
                    Map.of("inputs", Map.of("question", text), "expected", Map.of("answer", text)))
            .toList();
    Map<String, Object> spec =
        Map.of("kind", "knn_few_shot", "of", ask, "k", 2, "train", train, "bootstrap", Map.of());
    Map<?, ?> program =
        (Map<?, ?>)
            Objects.requireNonNull(TERRARIUM.call("dspy", "create_program", Map.of("spec", spec)));
    Map<?, ?> result =
        (Map<?, ?>)
            Objects.requireNonNull(
                TERRARIUM.call(
                    "dspy",
                    "call",
                    Map.of(
                        "program",
                        Objects.requireNonNull(program.get("program")),
                        "inputs",
                        Map.of("question", "two"),
                        "trace",
                        true)));

    assertThat(result.get("outputs")).isEqualTo(Map.of("answer", "text"));
    assertThat(((Map<?, ?>) Objects.requireNonNull(result.get("usage"))).get("calls"))
        .isEqualTo(3L);
    assertThat(String.valueOf(result.get("messages")))
        .contains("three", "sixteen")
        .doesNotContain("[[ ## question ## ]]\none");
  }

  /** As DSPy's own bridge uses it, whose contexts frameworks without packages share. */
  @Test
  void dspyItselfSeesThePackages() {
    assertThat(predict(TERRARIUM)).isEqualTo(Map.of("outputs", Map.of("answer", "text")));
    TERRARIUM.register(
        Framework.fromSource(
            "guest",
            """
            import sys
            from terrarium.bridge import BaseBridge, handler

            class Guest(BaseBridge):
                framework = "guest"

                @handler
                def state(self) -> list:
                    import dspy
                    early = [name for name in ("numpy", "optuna") if name in sys.modules]
                    from dspy.predict import knn
                    import optuna
                    return [early, knn.np.ones(2).tolist(), dspy.SIMBA.__name__, optuna.__version__]
            """,
            "guest.py"));

    assertThat(TERRARIUM.call("guest", "state", Map.of()))
        .isEqualTo(List.of(List.of(), List.of(1.0, 1.0), "SIMBA", "5.0.0"));
  }

  private static @Nullable Object predict(Terrarium terrarium) {
    return terrarium.call(
        "dspy",
        "predict",
        Map.of("signature", "question -> answer", "inputs", Map.of("question", "Why?")));
  }

  @ParameterizedTest
  @CsvSource({
    "MIPROv2, optuna, terrarium-python-dspy-optimizers",
    "BootstrapFewShotWithOptuna, optuna, terrarium-python-dspy-optimizers",
    "SIMBA, numpy, terrarium-python-numpy",
    "KNNFewShot, numpy, terrarium-python-numpy"
  })
  void optimizerWithoutItsJarNamesTheDependencyBeforeItAsksAModel(
      String optimizer, String missing, String artifact) {
    try (Terrarium terrarium = startWithout("numpy", "dspy-optimizers")) {
      assertThatThrownBy(() -> optimize(terrarium, optimizer))
          .isInstanceOfSatisfying(
              PythonException.class,
              failure ->
                  assertThat(failure.type())
                      .isEqualTo("terrarium.bridge.errors.MissingPackageError"))
          .hasMessageContaining(
              "needs %s: add the dependency dev.terrarium:%s to your project"
                  .formatted(missing, artifact));
      assertThat(terrarium.call("tuner", "requests_before_failure", Map.of("optimizer", optimizer)))
          .isEqualTo(0L);
    }
  }

  @Test
  void optimizersThatNeedNoJarWorkWithoutTheJars() {
    try (Terrarium terrarium = startWithout("numpy", "dspy-optimizers")) {
      assertThat(((Map<?, ?>) optimize(terrarium, "GEPA")).get("after")).isEqualTo(1.0);
      assertThat(predict(terrarium)).isEqualTo(Map.of("outputs", Map.of("answer", "text")));
    }
  }

  private static Terrarium startWithout(String... archives) {
    return start(new WithoutArchives(OptimizersTest.class.getClassLoader(), archives));
  }
}
