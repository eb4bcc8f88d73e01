package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ModelCache;
import dev.terrarium.resource.ResourceLimits;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.TestFunctions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What frameworks have of caches and pools, seen through real calls. */
@GraalPyTest
class ResourcesTest {

  private final Terrarium terrarium;

  ResourcesTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  private Object evaluate(String expression) {
    Object result = terrarium.call("probe", "evaluate", Map.of("expression", expression));
    return result == null ? "None" : result;
  }

  @Test
  void whatACallLoadsIsChargedToItsFramework() {
    int before = probe().models();
    long bytes = probe().modelBytes();
    TestFunctions.onCall(
        arguments -> {
          AutoCloseable model = () -> {};
          try (ModelCache.Use<AutoCloseable> use =
              terrarium.modelCache().acquire("resources", "one", () -> model, loaded -> 1000)) {
            return use.model() == model;
          }
        });

    assertThat(evaluate("host.call('test.call')")).isEqualTo(true);
    assertThat(probe().models()).isEqualTo(before + 1);
    assertThat(probe().modelBytes()).isEqualTo(bytes + 1000);
    assertThat(terrarium.modelCache().evict("resources", "one")).isTrue();
    assertThat(probe().models()).isEqualTo(before);
  }

  @Test
  void whatAFrameworkTakesInItsContextsIsAnEstimateThatSaysSo() {
    evaluate("1");

    assertThat(probe().heap().measured()).isFalse();
    assertThat(probe().heap().estimate()).isPositive();
    assertThat(probe().heap().bytes()).isEqualTo(probe().heap().estimate());
    assertThat(probe().memory()).isEqualTo(probe().heap().bytes() + probe().modelBytes());
    assertThat(probe().limits()).isEqualTo(ResourceLimits.ofDefaults());
  }

  @Test
  void onThisRuntimeNoContextIsMeasured() {
    assertThat(terrarium.measureContexts().join()).isEmpty();
  }

  @Test
  void frameworkWithoutMemoryForAFurtherContextServesAllCallsFromItsFirst() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .contexts(2)
            .limits("probe", ResourceLimits.custom().memory(1).build())
            .build();
    try (Terrarium small = Terrarium.start(config).register(SharedTerrarium.probe())) {
      small.prewarm("probe", 1).join();

      assertThatThrownBy(() -> small.prewarm("probe", 2).join())
          .hasCauseInstanceOf(LimitExceededException.class)
          .hasMessageContaining("Framework 'probe' is loaded in no further context");
      assertThat(
              Stream.generate(() -> Map.of("expression", "6 * 7"))
                  .limit(8)
                  .parallel()
                  .map(arguments -> small.call("probe", "evaluate", arguments)))
          .containsOnly(42L);
      assertThat(small.stats().pool().with("probe")).isOne();
    }
  }

  @Test
  void pythonGetsVectorsThatAreMadeOnce() {
    long misses = terrarium.stats().embeddings().misses();

    assertThat(evaluate("[list(v) for v in host.embed(['ab', 'abc', 'ab'])]"))
        .isEqualTo(List.of(List.of(2.0, 1.0), List.of(3.0, 1.0), List.of(2.0, 1.0)));
    assertThat(evaluate("sum(host.embed(['abc'], 'lengths')[0])")).isEqualTo(4.0);
    assertThat(terrarium.stats().embeddings().misses() - misses).isEqualTo(2);
  }

  @Test
  void missingEmbeddingModelIsToldToPythonAndBack() {
    assertThatThrownBy(() -> evaluate("host.embed(['a'], 'none')"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("There is no embedding model 'none'. Known: [lengths]");
  }

  private FrameworkResources probe() {
    return Objects.requireNonNull(terrarium.stats().resources().get("probe"));
  }
}
