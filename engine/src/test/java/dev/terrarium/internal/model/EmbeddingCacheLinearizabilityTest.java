package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.Stats;
import dev.terrarium.internal.event.Events;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.testing.Linearizability;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Texts asked for in bulk on real threads, as Lincheck calls them. The model's vector of a text
 * says how often it was asked for it: two requests of one text at once would be seen by somebody,
 * and no order of one call after the other has them. Who joins a request that fails shares its
 * failure, which no such order has either; that is {@link EmbeddingCacheStressTest}'s.
 */
@Tag("lincheck")
class EmbeddingCacheLinearizabilityTest {

  private static final int BYTES_OF_ONE = 200 + Float.BYTES;

  /** Lincheck makes one for each execution. */
  @Param(name = "text", gen = IntGen.class, conf = "1:3")
  public static final class Vectors implements EmbeddingModel {

    private final Map<String, AtomicInteger> requests = new ConcurrentHashMap<>();
    private final EmbeddingCache cache =
        new EmbeddingCache(
            1 << 20,
            Duration.ZERO,
            Events.none(),
            Ticker.disabledTicker(),
            Scheduler.disabledScheduler(),
            Runnable::run,
            Runnable::run);

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public int dimensions() {
      return 1;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
      return texts.stream()
          .map(text -> new float[] {(float) asked(text).incrementAndGet()})
          .toList();
    }

    private AtomicInteger asked(String text) {
      return requests.computeIfAbsent(text, key -> new AtomicInteger());
    }

    @Operation
    public float one(@Param(name = "text") int text) {
      return cache.embed(this, List.of("" + text)).getFirst()[0];
    }

    @Operation
    public String two(@Param(name = "text") int one, @Param(name = "text") int other) {
      List<float[]> vectors = cache.embed(this, List.of("" + one, "" + other));
      return vectors.getFirst()[0] + " " + vectors.getLast()[0];
    }

    /** After each execution. */
    @Validate
    public void everyTextWasAskedForOnceAndIsWeighed() {
      assertThat(requests.values()).allSatisfy(count -> assertThat(count).hasValue(1));
      Stats.Embeddings stats = cache.stats();
      assertThat(stats.vectors()).isEqualTo(requests.size());
      assertThat(stats.misses()).isEqualTo(requests.size());
      assertThat(stats.bytes()).isEqualTo((long) requests.size() * BYTES_OF_ONE);
    }
  }

  @Test
  void everyOutcomeIsThatOfSomeOrder() {
    Linearizability.check(Vectors.class);
  }
}
