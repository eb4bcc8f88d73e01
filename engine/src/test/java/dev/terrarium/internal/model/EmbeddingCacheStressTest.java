package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.Stats;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.event.Events;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Requests that overlap, fail and are evicted while others join them, many times over, with what
 * must hold at each moment. Lincheck cannot judge these: who joins a request that fails shares its
 * failure, and what is evicted is up to Caffeine's policy, so no order of one call after the other
 * explains what each sees.
 */
class EmbeddingCacheStressTest {

  private static final int THREADS = 4;
  private static final int ROUNDS = 5_000;
  private static final int TEXTS = 12;
  private static final int BYTES_OF_ONE = 200 + 2 * Float.BYTES;
  private static final int MAX_BYTES = 6 * BYTES_OF_ONE;

  private final Map<String, AtomicInteger> underWay = new ConcurrentHashMap<>();
  private final AtomicInteger askedTwiceAtOnce = new AtomicInteger();
  private final EmbeddingCache cache =
      new EmbeddingCache(
          MAX_BYTES,
          Duration.ZERO,
          Events.none(),
          Ticker.disabledTicker(),
          Scheduler.disabledScheduler(),
          Runnable::run,
          request -> Thread.ofVirtual().start(request));

  /** Both ask in the name of one model, whose vector of a text is its length and hash. */
  private final EmbeddingModel sound = model(false);

  private final EmbeddingModel failing = model(true);

  private EmbeddingModel model(boolean fails) {
    return new EmbeddingModel() {
      @Override
      public String name() {
        return "one";
      }

      @Override
      public int dimensions() {
        return 2;
      }

      @Override
      public List<float[]> embed(List<String> texts) {
        texts.forEach(EmbeddingCacheStressTest.this::begin);
        try {
          if (fails) {
            throw new ModelException("no");
          }
          return texts.stream().map(EmbeddingCacheStressTest::vector).toList();
        } finally {
          texts.forEach(text -> count(text).decrementAndGet());
        }
      }
    };
  }

  private static float[] vector(String text) {
    return new float[] {(float) text.length(), (float) text.hashCode()};
  }

  private AtomicInteger count(String text) {
    return underWay.computeIfAbsent(text, key -> new AtomicInteger());
  }

  private void begin(String text) {
    if (count(text).incrementAndGet() > 1) {
      askedTwiceAtOnce.incrementAndGet();
    }
  }

  @Test
  void concurrentRequestsAreSharedFailuresNotKeptAndBytesBounded() throws Exception {
    try (LogRecords log = LogRecords.of("com.github.benmanes.caffeine")) {
      List<Task<String>> tasks = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int number = i;
        tasks.add(Task.of(() -> work(number)));
      }
      for (Task<String> task : tasks) {
        assertThat(task.result()).isEqualTo("all right");
      }
      assertThat(log.lines()).as("failed requests").isNotEmpty();
    }

    assertThat(askedTwiceAtOnce).hasValue(0);
    assertThat(cache.stats().evictions()).isPositive();
    Task.until("what was put last is weighed", this::isBounded);
  }

  /** Requests once more before the check, since Caffeine evicts during later requests. */
  private boolean isBounded() {
    cache.embed(sound, List.of("text 0"));
    Stats.Embeddings stats = cache.stats();
    return stats.bytes() == stats.vectors() * BYTES_OF_ONE && stats.bytes() <= MAX_BYTES;
  }

  /** Returns the first fault, or null. */
  private String work(int number) {
    SplittableRandom random = new SplittableRandom(number);
    for (int round = 0; round < ROUNDS; round++) {
      List<String> texts = List.of(text(random), text(random), text(random));
      try {
        List<float[]> vectors = cache.embed(random.nextInt(10) == 0 ? failing : sound, texts);
        for (int i = 0; i < texts.size(); i++) {
          if (vectors.get(i)[1] != vector(texts.get(i))[1]) {
            return "round " + round + ": the vector of another text";
          }
        }
      } catch (ModelException e) {
        // The failure is the thread's own, or that of a request that it joined.
      }
      if (round % 10 == 0 && !isAskedAgainAfterAFailure("own text of " + number)) {
        return "round " + round + ": a failure was kept";
      }
    }
    return "all right";
  }

  private static String text(SplittableRandom random) {
    return "text " + random.nextInt(TEXTS);
  }

  /**
   * Requests a text that no other thread requests: its vector may be cached still, or the request
   * first fails.
   */
  private boolean isAskedAgainAfterAFailure(String own) {
    try {
      cache.embed(failing, List.of(own));
    } catch (ModelException e) {
      try {
        cache.embed(sound, List.of(own));
      } catch (ModelException kept) {
        return false;
      }
    }
    return true;
  }
}
