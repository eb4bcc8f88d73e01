package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.testing.FakeModel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerrariumConfigTest {

  @Test
  void defaultsAreThoseOfTheDocumentation() {
    TerrariumConfig config = TerrariumConfig.ofDefaults();

    assertThat(config.contexts()).isEqualTo(2);
    assertThat(config.borrowTimeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(config.loadTimeout()).isEqualTo(Duration.ofMinutes(2));
    assertThat(config.models()).isEmpty();
    assertThat(config.defaultModel()).isEmpty();
    assertThat(config.access()).isEqualTo(AccessProfile.TRUSTED_NATIVE);
  }

  @Test
  void accessIsTheCeiling() {
    assertThat(TerrariumConfig.custom().access(AccessProfile.RESTRICTED).build().access())
        .isEqualTo(AccessProfile.RESTRICTED);
  }

  @Test
  void admissionOfOneFrameworkTakesThePlaceOfThatOfAll() {
    AdmissionConfig one = AdmissionConfig.custom().bulkhead(Bulkhead.of(1)).build();
    TerrariumConfig config = TerrariumConfig.custom().admission("words", one).build();

    assertThat(config.admission()).isSameAs(AdmissionConfig.ofDefaults());
    assertThat(config.admission("words")).isSameAs(one);
    assertThat(config.admission("other")).isSameAs(AdmissionConfig.ofDefaults());
    assertThatThrownBy(() -> TerrariumConfig.custom().admission(" ", one))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("admission: the framework's name is blank");
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 65})
  void contextsAreOneTo64(int count) {
    assertThatThrownBy(() -> TerrariumConfig.custom().contexts(count))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("contexts: " + count + " is not 1 to 64");
    assertThat(TerrariumConfig.custom().contexts(64).build().contexts()).isEqualTo(64);
    assertThat(TerrariumConfig.custom().contexts(1).build().contexts()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-1S"})
  void timeOutsAreAboveZero(Duration timeout) {
    assertThatThrownBy(() -> TerrariumConfig.custom().borrowTimeout(timeout))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("borrowTimeout: " + timeout + " is not above zero");
    assertThatThrownBy(() -> TerrariumConfig.custom().loadTimeout(timeout))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("loadTimeout: " + timeout + " is not above zero");
  }

  /** Each at once, and by name. */
  @Test
  @SuppressWarnings("NullAway")
  void nullIsRefusedForEverySetting() throws ReflectiveOperationException {
    Map<Class<?>, Object> others =
        Map.of(String.class, "name", int.class, 1, long.class, 1L, Duration.class, Duration.ZERO);
    for (Method setter : TerrariumConfig.Builder.class.getMethods()) {
      Class<?>[] types = setter.getParameterTypes();
      for (int wrong = 0; wrong < types.length; wrong++) {
        if (setter.getReturnType() != TerrariumConfig.Builder.class || types[wrong].isPrimitive()) {
          continue;
        }
        Object[] arguments = Arrays.stream(types).map(others::get).toArray();
        arguments[wrong] = null;
        Throwable refusal =
            catchThrowableOfType(
                    InvocationTargetException.class,
                    () -> setter.invoke(TerrariumConfig.custom(), arguments))
                .getCause();
        assertThat(refusal)
            .as("%s, parameter %s", setter, wrong)
            .isInstanceOf(ConfigurationException.class)
            .hasMessageEndingWith(": null is no value; leave it out for the default");
      }
    }
  }

  @Test
  void messagesHave64MebibytesOrWhatIsSet() {
    assertThat(TerrariumConfig.ofDefaults().maxMessage()).isEqualTo(67_108_864);
    TerrariumConfig.Builder config = TerrariumConfig.custom().maxMessage(1).streamBuffer(2);
    assertThat(config.build().maxMessage()).isEqualTo(1);
    assertThatThrownBy(() -> config.maxMessage(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("maxMessage: 0 is not above zero");
  }

  @Test
  void poolGrowsFromAMinimumToAMaximum() {
    TerrariumConfig config = TerrariumConfig.custom().contexts(0, 3).build();

    assertThat(config.minContexts()).isZero();
    assertThat(config.contexts()).isEqualTo(3);
    assertThat(TerrariumConfig.custom().contexts(3).build().minContexts()).isEqualTo(3);
    assertThatThrownBy(() -> TerrariumConfig.custom().contexts(3, 2))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("contexts: the minimum 3 is not 0 to 2");
    assertThatThrownBy(() -> TerrariumConfig.custom().contexts(-1, 2))
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void limitsThatMayBeZeroAreNotBelowIt() {
    Duration below = Duration.ofNanos(-1);
    TerrariumConfig.Builder config = TerrariumConfig.custom();

    assertThat(config.drainTimeout(Duration.ZERO).build().drainTimeout()).isZero();
    assertThatThrownBy(() -> config.drainTimeout(below))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("drainTimeout: PT-0.000000001S is below zero");
    assertThatThrownBy(() -> config.leakThreshold(below))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> config.recycle(0, below)).isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> config.recycle(-1, Duration.ZERO))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("recycleAfterCalls: -1 is below zero");
    assertThatThrownBy(() -> config.checkEvery(0)).isInstanceOf(ConfigurationException.class);
  }

  @Test
  void sessionsAreLimited() {
    TerrariumConfig.Builder config = TerrariumConfig.custom();
    assertThat(config.build().sessionTtl()).isEqualTo(Duration.ofHours(1));
    assertThat(config.build().maxSessions()).isEqualTo(10_000);
    assertThat(config.build().maxSessionBytes()).isEqualTo(1_048_576);

    TerrariumConfig set =
        config.sessionTtl(Duration.ofMinutes(5)).maxSessions(7).maxSessionBytes(99).build();
    assertThat(set.sessionTtl()).isEqualTo(Duration.ofMinutes(5));
    assertThat(set.maxSessions()).isEqualTo(7);
    assertThat(set.maxSessionBytes()).isEqualTo(99);
    assertThatThrownBy(() -> config.sessionTtl(Duration.ofSeconds(-1)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("sessionTtl: PT-1S is not above zero");
    assertThatThrownBy(() -> config.maxSessions(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("maxSessions: 0 is not above zero");
    assertThatThrownBy(() -> config.maxSessionBytes(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("maxSessionBytes: 0 is not above zero");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-1S"})
  void deadlineIsAboveZero(Duration deadline) {
    assertThatThrownBy(() -> CallOptions.deadline(deadline))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("deadline: " + deadline + " is not above zero");
    assertThat(CallOptions.ofDefaults().deadline()).isEmpty();
  }

  @Test
  void firstModelIsTheDefault() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .languageModel(new FakeModel("one"))
            .languageModel(new FakeModel("two"))
            .build();

    assertThat(config.defaultModel()).contains("one");
    assertThat(config.models()).containsOnlyKeys("one", "two");
  }

  @Test
  void defaultModelMayBeChosen() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .languageModel(new FakeModel("one"))
            .languageModel("/models/two.gguf")
            .build();

    assertThat(config.defaultModel()).contains("/models/two.gguf");
  }

  @Test
  void modelsOfOneNameAndEmptySpecsAreRefused() {
    TerrariumConfig.Builder builder = TerrariumConfig.custom().languageModel(new FakeModel("one"));

    assertThatThrownBy(() -> builder.languageModel(new FakeModel("one")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("languageModel: two are named 'one'");
    assertThatThrownBy(() -> builder.languageModel(" "))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("languageModel: the spec is empty");
  }

  @Test
  void blankCacheFolderMeansTheDefault() {
    TerrariumConfig config = TerrariumConfig.custom().set("cache", " ").build();

    assertThat(config.cache().root()).isEqualTo(TerrariumConfig.custom().build().cache().root());
  }

  @Test
  void cacheFolderIsTheGivenOne() {
    TerrariumConfig config = TerrariumConfig.custom().cacheFolder(Path.of("/some/folder")).build();

    assertThat(config.cache().root()).isEqualTo(Path.of("/some/folder"));
  }

  @Test
  void laterUseOfABuilderDoesNotChangeItsConfiguration() {
    TerrariumConfig.Builder builder = TerrariumConfig.custom();
    TerrariumConfig config = builder.build();
    builder.contexts(7).languageModel(new FakeModel("late"));

    assertThat(config.contexts()).isEqualTo(2);
    assertThat(config.models()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0})
  void contextKeepsAtLeastOneBuiltProgram(int perContext) {
    assertThat(TerrariumConfig.ofDefaults().programCache()).isEqualTo(256);
    assertThat(TerrariumConfig.custom().programCache(1).build().programCache()).isEqualTo(1);
    assertThatThrownBy(() -> TerrariumConfig.custom().programCache(perContext))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("programCache: " + perContext + " is not above zero");
  }

  @Test
  void limitsAreForAllFrameworksOrForOne() {
    ResourceLimits all = ResourceLimits.custom().models(3).build();
    ResourceLimits own = ResourceLimits.custom().connections(7).concurrency(2).build();
    TerrariumConfig config = TerrariumConfig.custom().limits(all).limits("one", own).build();

    assertThat(config.limits("one")).isEqualTo(own);
    assertThat(config.limits("two")).isEqualTo(all);
    ResourceLimits defaults = TerrariumConfig.ofDefaults().limits("two");
    assertThat(defaults.memory()).isEqualTo(2L << 30);
    assertThat(defaults.models()).isEqualTo(10);
    assertThat(defaults.connections()).isEqualTo(4);
    assertThat(defaults.concurrency()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void limitsOfAFrameworkAreAboveZero(int none) {
    assertThatThrownBy(() -> ResourceLimits.custom().memory(none))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("limits.memory: " + none + " is not above zero");
    assertThatThrownBy(() -> ResourceLimits.custom().models(none))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> ResourceLimits.custom().connections(none))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> ResourceLimits.custom().concurrency(none))
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void embeddingModelsHaveNamesAndDimensions() {
    TerrariumConfig.Builder config = TerrariumConfig.custom().embeddingModel(embedding("one", 2));
    config.embeddingModel(embedding("two", 2));

    assertThat(config.build().defaultEmbeddingModel()).contains("one");
    assertThat(TerrariumConfig.from(config.build()).build().defaultEmbeddingModel())
        .contains("one");
    assertThatThrownBy(() -> config.embeddingModel(embedding("one", 2)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("embeddingModel: two are named 'one'");
    assertThatThrownBy(() -> config.embeddingModel(embedding("three", 0)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("embeddingModel: 'three' has 0 dimensions");
    assertThatThrownBy(() -> config.embeddingCache(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("embeddingCache: 0 is not above zero");
  }

  @Test
  void textHasTheKeysAndNoValuesOfVariables() {
    TerrariumConfig config =
        TerrariumConfig.custom()
            .borrowTimeout(Duration.ofSeconds(5))
            .environment(Map.of("API_KEY", "s3cret"))
            .set("frameworks.guide.retry-attempts", "2")
            .set("circuit-breaker-failures", "3")
            .build();

    assertThat(config.toString())
        .startsWith("TerrariumConfig{contexts=2, ")
        .contains("borrow-timeout=5s", "environment=[API_KEY]", "frameworks=[guide]")
        .contains("CircuitBreaker[failures=3", "limits-memory=2GB")
        .doesNotContain("s3cret");
  }

  @Test
  void answersAreKeptWhenTheCacheHasASize() {
    Path folder = Path.of("answers");
    TerrariumConfig config =
        TerrariumConfig.custom()
            .answerFolder(folder)
            .answerTtl(Duration.ofHours(1))
            .set("answer-cache", "16MB")
            .build();

    assertThat(TerrariumConfig.ofDefaults().answerCache()).isZero();
    assertThat(config.answerCache()).isEqualTo(16 << 20);
    assertThat(config.answerFolder()).contains(folder);
    assertThat(TerrariumConfig.from(config).build().answerTtl()).isEqualTo(Duration.ofHours(1));
    assertThat(TerrariumConfig.custom().set("answer-cache", "off").build().answerCache()).isZero();
    assertThatThrownBy(() -> TerrariumConfig.custom().answerFolder(folder).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("answerFolder: answers keeps nothing without an answerCache");
  }

  private static EmbeddingModel embedding(String name, int dimensions) {
    return new EmbeddingModel() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public int dimensions() {
        return dimensions;
      }

      @Override
      public List<float[]> embed(List<String> texts) {
        return texts.stream().map(text -> new float[dimensions]).toList();
      }
    };
  }
}
