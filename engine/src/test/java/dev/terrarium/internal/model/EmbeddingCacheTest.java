package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.TerrariumConfig;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.testing.ManualTime;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddingCacheTest {

  private final Lengths model = new Lengths("lengths");
  private final List<TerrariumEvent> events = new CopyOnWriteArrayList<>();
  private final ManualTime time = new ManualTime();
  private final EmbeddingCache cache = cache(1 << 20);

  private EmbeddingCache cache(long bytes) {
    return cache(bytes, Duration.ZERO);
  }

  private EmbeddingCache cache(long bytes, Duration ttl) {
    return new EmbeddingCache(
        bytes, ttl, Events.to(List.of(events::add)), time, time, Runnable::run, Runnable::run);
  }

  /** A model whose vectors are a text's length and 1, and which records its requests. */
  private static final class Lengths implements EmbeddingModel {
    final List<List<String>> requests = new CopyOnWriteArrayList<>();
    private final String name;
    UnaryOperator<List<float[]>> answers = UnaryOperator.identity();

    Lengths(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int dimensions() {
      return 2;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
      requests.add(texts);
      return answers.apply(texts.stream().map(text -> new float[] {text.length(), 1}).toList());
    }
  }

  private List<Float> lengths(String... texts) {
    return cache.embed(model, List.of(texts)).stream().map(vector -> vector[0]).toList();
  }

  @Test
  void missingVectorsAreRequestedTogetherAndInOrder() {
    assertThat(lengths("bb", "a")).containsExactly(2f, 1f);
    assertThat(lengths("dddd", "a", "ccc", "dddd", "bb")).containsExactly(4f, 1f, 3f, 4f, 2f);
    assertThat(lengths("a", "bb")).containsExactly(1f, 2f);

    assertThat(model.requests).containsExactly(List.of("bb", "a"), List.of("dddd", "ccc"));
    assertThat(cache.stats().vectors()).isEqualTo(4);
    assertThat(events).filteredOn(TerrariumEvent.CacheLoaded.class::isInstance).hasSize(4);
    assertThat(events).filteredOn(TerrariumEvent.CacheHit.class::isInstance).hasSize(4);
  }

  @Test
  void noTextsAreNoRequest() {
    assertThat(lengths()).isEmpty();
    assertThat(model.requests).isEmpty();
  }

  @Test
  void modelsHaveVectorsOfTheirOwn() {
    Lengths other = new Lengths("other");
    lengths("a");
    cache.embed(other, List.of("a"));

    assertThat(other.requests).hasSize(1);
  }

  @Test
  void cachedVectorsCannotBeChanged() {
    float[] kept = {7, 7};
    model.answers = vectors -> List.of(kept);
    float[] first = cache.embed(model, List.of("a")).getFirst();
    kept[0] = 8;
    first[0] = 9;

    assertThat(cache.embed(model, List.of("a")).getFirst()).containsExactly(7, 7);
  }

  @Test
  void failedRequestIsMadeAgain() {
    model.answers =
        vectors -> {
          throw new ModelException("no");
        };
    assertThatThrownBy(() -> lengths("a")).isInstanceOf(ModelException.class).hasMessage("no");
    model.answers = UnaryOperator.identity();

    assertThat(lengths("a")).containsExactly(1f);
  }

  @Test
  void wrongAnswersAreRefusedAndNotKept() {
    model.answers = vectors -> vectors.subList(1, vectors.size());
    assertThatThrownBy(() -> lengths("a", "b"))
        .isInstanceOf(ModelException.class)
        .hasMessage("The embedding model lengths made 1 vectors of 2 texts.");
    model.answers = vectors -> vectors.stream().map(vector -> Arrays.copyOf(vector, 3)).toList();
    assertThatThrownBy(() -> lengths("a"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("a vector of 3 numbers")
        .hasMessageContaining("2 dimensions");

    assertThat(cache.stats().vectors()).isZero();
  }

  @Test
  void concurrentCallersShareOneRequestForATextsVector() throws Exception {
    EmbeddingCache threaded = new EmbeddingCache(1 << 20, Duration.ZERO, Events.none());
    CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
    model.answers =
        vectors -> {
          gate.join();
          return vectors;
        };
    Task<List<float[]>> one = Task.of(() -> threaded.embed(model, List.of("a", "bb")));
    Task.until("it is asked", () -> model.requests.size() == 1);
    Task<List<float[]>> two = Task.of(() -> threaded.embed(model, List.of("bb", "ccc")));
    Task.until("it is asked", () -> model.requests.size() == 2);
    gate.complete(null);

    assertThat(one.result().getLast()).containsExactly(2, 1);
    assertThat(two.result().getFirst()).containsExactly(2, 1);
    assertThat(model.requests).containsExactly(List.of("a", "bb"), List.of("ccc"));
  }

  @Test
  void bytesAreBounded() {
    EmbeddingCache small = cache(10 * 208);
    for (int i = 0; i < 100; i++) {
      small.embed(model, List.of("text " + i));
    }

    assertThat(small.stats().bytes()).isPositive().isLessThanOrEqualTo(10 * 208);
    assertThat(small.stats().evictions()).isEqualTo(100 - small.stats().vectors());
    assertThat(events).anyMatch(TerrariumEvent.CacheEvicted.class::isInstance);
  }

  @Test
  void vectorThatDoesNotFitIsStillTheAnswer() {
    assertThat(cache(1).embed(model, List.of("abc")).getFirst()).containsExactly(3, 1);
  }

  @Test
  void oldVectorIsMadeAgainAlthoughItIsUsed() {
    Duration ttl = Duration.ofMinutes(10);
    EmbeddingCache aging = cache(1 << 20, ttl);
    aging.embed(model, List.of("a"));
    time.pass(ttl.minusSeconds(1));
    aging.embed(model, List.of("a"));
    assertThat(model.requests).hasSize(1);
    time.pass(Duration.ofSeconds(1));
    aging.embed(model, List.of("a"));

    assertThat(model.requests).hasSize(2);
  }

  @Test
  void oldVectorIsEvictedWithoutARequest() {
    EmbeddingCache aging = cache(1 << 20, Duration.ofMinutes(10));
    aging.embed(model, List.of("a", "b"));
    time.pass(Duration.ofMinutes(11));
    time.runDue();

    assertThat(aging.stats().vectors()).isZero();
    assertThat(events)
        .filteredOn(TerrariumEvent.CacheEvicted.class::isInstance)
        .hasSize(2)
        .allSatisfy(
            event ->
                assertThat(((TerrariumEvent.CacheEvicted) event).cause()).isEqualTo("EXPIRED"));
  }

  @Test
  void ageIsNotBelowZero() {
    assertThatThrownBy(() -> cache(1, Duration.ofMinutes(-1)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("embeddingTtl: PT-1M is below zero");
    assertThatThrownBy(() -> TerrariumConfig.custom().embeddingTtl(Duration.ofMinutes(-1)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("embeddingTtl: PT-1M is below zero");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void boundIsAboveZero(long bytes) {
    assertThatThrownBy(() -> cache(bytes))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(String.valueOf(bytes));
  }

  @Test
  void manyThreadsGetEachTheirOwnTexts() throws Exception {
    EmbeddingCache threaded = new EmbeddingCache(20 * 208, Duration.ZERO, Events.none());
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int seed = i;
      tasks.add(
          Task.of(
              () -> {
                boolean right = true;
                for (int round = 0; round < 300; round++) {
                  String one = "x".repeat(1 + (round * 7 + seed) % 50);
                  String two = "x".repeat(1 + (round * 3) % 40);
                  List<float[]> vectors = threaded.embed(model, List.of(one, two));
                  right &= vectors.get(0)[0] == one.length() && vectors.get(1)[0] == two.length();
                }
                return right;
              }));
    }
    for (Task<Boolean> task : tasks) {
      assertThat(task.result()).isTrue();
    }
  }

  @Test
  void pythonGetsOneArrayOfFloatsForEachText() {
    EmbeddingService service = new EmbeddingService(Map.of("lengths", model), "lengths", cache);
    List<@Nullable Object> byDefault = new ArrayList<>();
    byDefault.add(null);
    byDefault.add(List.of("ab", "c"));

    assertThat(service.call(byDefault))
        .asInstanceOf(InstanceOfAssertFactories.list(float[].class))
        .containsExactly(new float[] {2, 1}, new float[] {1, 1});
    assertThat(service.call(List.of("lengths", List.of()))).isEqualTo(List.of());
    assertThatThrownBy(() -> service.call(List.of("other", List.of("a"))))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "There is no embedding model 'other'. Known: [lengths]; give TerrariumConfig one by"
                + " embeddingModel.");
    assertThatThrownBy(() -> service.call(List.of("lengths", "a")))
        .isInstanceOf(ConversionException.class);
    assertThatThrownBy(() -> service.call(List.of("lengths", List.of("a", 5L))))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("texts[1]");
  }
}
