package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.Stats.LoadedModels.Cause;
import dev.terrarium.Stats.LoadedModels.Share;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.ManualTime;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCacheTest {

  private static final String TYPE = "test";
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final ManualTime time = new ManualTime();
  private final List<TerrariumEvent> events = new CopyOnWriteArrayList<>();
  private final List<Model> made = new CopyOnWriteArrayList<>();
  private ResourceLimits frameworkLimits = ResourceLimits.ofDefaults();
  private long contextBytes;

  /** Returns a cache with the defaults and without a thread of its own. */
  static LruModelCache cache() {
    return new LruModelCache(
        ModelCache.Limits.ofDefaults(),
        framework -> ResourceLimits.ofDefaults(),
        framework -> 0,
        Events.none(),
        Ticker.systemTicker(),
        Scheduler.disabledScheduler(),
        load -> Thread.ofVirtual().start(load));
  }

  /** A model that is loaded and closed. */
  private static final class Model implements AutoCloseable {
    final String name;
    final long bytes;
    final AtomicInteger closings = new AtomicInteger();

    Model(String name, long bytes) {
      this.name = name;
      this.bytes = bytes;
    }

    boolean isClosed() {
      return closings.get() > 0;
    }

    @Override
    public void close() {
      closings.incrementAndGet();
    }
  }

  private LruModelCache cache(ModelCache.Limits limits) {
    return new LruModelCache(
        limits,
        framework -> frameworkLimits,
        framework -> contextBytes,
        Events.to(List.of(events::add)),
        time,
        time,
        Runnable::run);
  }

  private ModelCache.Use<Model> acquire(LruModelCache cache, String name, long bytes) {
    return cache.acquire(
        TYPE,
        name,
        () -> {
          Model model = new Model(name, bytes);
          made.add(model);
          return model;
        },
        model -> model.bytes);
  }

  private ModelCache.Use<Model> acquire(LruModelCache cache, String name) {
    return acquire(cache, name, 1);
  }

  private void use(LruModelCache cache, String... names) {
    for (String name : names) {
      acquire(cache, name).close();
    }
  }

  private static <T> T in(String framework, Supplier<T> call) {
    List<T> result = new ArrayList<>();
    new CallScope(framework, null).run(() -> result.add(call.get()));
    return result.getFirst();
  }

  private List<String> open() {
    return made.stream().filter(model -> !model.isClosed()).map(model -> model.name).toList();
  }

  private static ModelCache.Limits models(int count) {
    return ModelCache.Limits.custom().models(count).build();
  }

  @Nested
  class Loading {

    @Test
    void modelIsLoadedOnce() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      try (ModelCache.Use<Model> one = acquire(cache, "a", 7);
          ModelCache.Use<Model> two = acquire(cache, "a", 7)) {
        assertThat(two.model()).isSameAs(one.model());
      }

      assertThat(made).hasSize(1);
      assertThat(cache.stats()).isEqualTo(new Stats.LoadedModels(1, 0, 7, 1, 1, 0, Map.of()));
      assertThat(events)
          .containsExactly(
              new TerrariumEvent.CacheLoaded("models", "test:a", 0, null),
              new TerrariumEvent.CacheHit("models", "test:a"));
    }

    @Test
    void typeAndModelTogetherAreTheKey() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      use(cache, "a");
      cache.acquire("other", "a", () -> new Model("other", 1), model -> model.bytes).close();

      assertThat(cache.stats().models()).isEqualTo(2);
    }

    @Test
    void concurrentRequestsShareOneLoad() throws Exception {
      LruModelCache cache = ModelCacheTest.cache();
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      AtomicInteger loads = new AtomicInteger();
      List<Task<Model>> tasks = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        tasks.add(Task.of(() -> slow(cache, gate, loads)));
      }
      Task.until("all wait", () -> cache.stats().hits() == 3);
      gate.complete(null);
      Model first = tasks.getFirst().result();
      for (Task<Model> task : tasks) {
        assertThat(task.result()).isSameAs(first);
      }

      assertThat(loads).hasValue(1);
    }

    private static Model slow(
        LruModelCache cache, CompletableFuture<@Nullable Void> gate, AtomicInteger loads) {
      try (ModelCache.Use<Model> use =
          cache.acquire(
              TYPE,
              "slow",
              () -> {
                loads.incrementAndGet();
                gate.join();
                return new Model("slow", 1);
              },
              model -> 1)) {
        return use.model();
      }
    }

    @Test
    void failedLoadFailsAllWaitingCallersAndIsNotCached() throws Exception {
      LruModelCache cache = ModelCacheTest.cache();
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      AtomicInteger loads = new AtomicInteger();
      List<Task<Model>> tasks = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        tasks.add(Task.of(() -> slow(cache, gate, loads)));
      }
      Task.until("all wait", () -> cache.stats().hits() == 2);
      gate.completeExceptionally(new ModelException("truncated"));
      for (Task<Model> task : tasks) {
        assertThat(task.failure()).isInstanceOf(ModelException.class).hasMessage("truncated");
      }

      assertThat(cache.stats().models()).isZero();
      assertThat(cache.stats().failures()).isEqualTo(1);
      assertThat(slow(cache, CompletableFuture.completedFuture(null), loads).name)
          .isEqualTo("slow");
    }

    @Test
    void errorsAndInvalidModelsFailAlike() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());

      assertThatThrownBy(
              () ->
                  cache.acquire(
                      TYPE,
                      "a",
                      () -> {
                        throw new OutOfMemoryError("no memory");
                      },
                      model -> 0))
          .isInstanceOf(OutOfMemoryError.class);
      assertThatThrownBy(() -> acquire(cache, "a", -1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Model test:a weighs -1 bytes.");
      assertThat(made.getFirst().closings).hasValue(1);
      assertThat(cache.stats().models()).isZero();
      assertThat(events)
          .contains(
              new TerrariumEvent.CacheLoaded("models", "test:a", 0, "OutOfMemoryError"),
              new TerrariumEvent.CacheLoaded("models", "test:a", 0, "IllegalStateException"));
    }

    @Test
    void failureToStartAThreadIsAFailedLoad() {
      LruModelCache cache =
          new LruModelCache(
              ModelCache.Limits.ofDefaults(),
              framework -> frameworkLimits,
              framework -> 0,
              Events.none(),
              time,
              time,
              load -> {
                throw new OutOfMemoryError("no thread");
              });

      assertThatThrownBy(() -> acquire(cache, "a")).isInstanceOf(OutOfMemoryError.class);
      assertThat(cache.stats().models()).isZero();
    }

    @Test
    void interruptedWaiterGivesUpAndTheLoadGoesOn() throws Exception {
      LruModelCache cache = ModelCacheTest.cache();
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      AtomicInteger loads = new AtomicInteger();
      Task<Model> waiter = Task.of(() -> slow(cache, gate, loads));
      Task.until("it loads", () -> loads.get() == 1);
      waiter.interrupt();

      assertThat(waiter.failure())
          .isInstanceOf(CallInterruptedException.class)
          .hasMessageContaining("test:slow");
      gate.complete(null);
      Task.until("it is there", () -> cache.stats().loads() == 1);
      assertThat(cache.stats().inUse()).isZero();
      assertThat(slow(cache, gate, loads).isClosed()).isFalse();
      assertThat(loads).hasValue(1);
    }

    @Test
    void useEndsOnceAndReturnsNoModelAfterwards() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      ModelCache.Use<Model> use = acquire(cache, "a");
      ModelCache.Use<Model> other = acquire(cache, "a");
      use.close();
      use.close();

      assertThat(cache.stats().inUse()).isEqualTo(1);
      assertThat(other.model().name).isEqualTo("a");
      assertThatThrownBy(use::model)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("test:a has ended");
    }
  }

  @Nested
  class Limits {

    @Test
    void leastRecentlyUsedModelIsEvictedFirst() {
      LruModelCache cache = cache(models(2));
      use(cache, "a", "b", "a", "c");

      assertThat(open()).containsExactly("a", "c");
      assertThat(cache.stats().evictions()).containsEntry(Cause.SIZE, 1L);
      assertThat(events).contains(new TerrariumEvent.CacheEvicted("models", "test:b", "SIZE"));
    }

    @Test
    void endOfAUseCountsAsUse() {
      LruModelCache cache = cache(models(2));
      ModelCache.Use<Model> a = acquire(cache, "a");
      use(cache, "b");
      a.close();
      use(cache, "c");

      assertThat(open()).containsExactly("a", "c");
    }

    @Test
    void modelInUseIsNotEvicted() {
      LruModelCache cache = cache(models(2));
      ModelCache.Use<Model> a = acquire(cache, "a");
      use(cache, "b", "c");

      assertThat(a.model().isClosed()).isFalse();
      assertThat(open()).containsExactly("a", "c");
      assertThat(cache.evict(TYPE, "a")).isFalse();
      assertThat(a.model().isClosed()).isFalse();
    }

    @Test
    void loadIsRefusedWithTheFiguresWhenAllModelsAreInUse() {
      LruModelCache cache = cache(models(1));
      try (ModelCache.Use<Model> a = acquire(cache, "a", 3 << 20)) {
        assertThatThrownBy(() -> acquire(cache, "b"))
            .isInstanceOf(LimitExceededException.class)
            .hasMessage(
                "The model cache has no room for the model test:b: with it there are 2 of 1 models"
                    + " and 3.0 of 8192.0 MB, and all others are in use. Use fewer at once, or"
                    + " raise TerrariumConfig.modelCache.");
        assertThat(a.model().isClosed()).isFalse();
      }
      assertThat(made).hasSize(1);

      use(cache, "b");
      assertThat(open()).containsExactly("b");
    }

    @Test
    void byteLimitEvictsTheLeastRecentlyUsedModel() {
      LruModelCache cache = cache(ModelCache.Limits.custom().bytes(10).build());
      acquire(cache, "a", 4).close();
      acquire(cache, "b", 4).close();
      acquire(cache, "c", 5).close();

      assertThat(open()).containsExactly("b", "c");
      assertThat(cache.stats().bytes()).isEqualTo(9);
    }

    @Test
    void modelThatDoesNotFitIsClosedAndReportedWithItsFigures() {
      LruModelCache cache = cache(ModelCache.Limits.custom().bytes(10).build());
      try (ModelCache.Use<Model> a = acquire(cache, "a", 4)) {
        assertThatThrownBy(() -> acquire(cache, "b", 7))
            .isInstanceOf(LimitExceededException.class)
            .hasMessageContaining("test:b");
        assertThat(a.model().isClosed()).isFalse();
      }
      assertThatThrownBy(() -> acquire(cache, "b", 11)).isInstanceOf(LimitExceededException.class);

      assertThat(made).filteredOn(Model::isClosed).hasSize(3);
      assertThat(made).allSatisfy(model -> assertThat(model.closings).hasValueLessThan(2));
      assertThat(cache.stats().bytes()).isZero();
      assertThat(cache.stats().failures()).isEqualTo(2);
    }

    @Test
    void oneTypeCanHaveTighterLimits() {
      LruModelCache cache = cache(models(5));
      cache.limit(TYPE, models(1));
      cache.acquire("other", "x", () -> new Model("x", 1), model -> 1).close();
      use(cache, "a", "b");

      assertThat(open()).containsExactly("b");
      assertThat(cache.stats().models()).isEqualTo(2);
      try (ModelCache.Use<Model> b = acquire(cache, "b")) {
        assertThatThrownBy(() -> acquire(cache, "c"))
            .isInstanceOf(LimitExceededException.class)
            .hasMessageContaining("for the type 'test'")
            .hasMessageContaining("raise ModelCache.limit");
        assertThat(b.model().isClosed()).isFalse();
      }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void limitsAreAboveZero(int number) {
      assertThatThrownBy(() -> ModelCache.Limits.custom().models(number))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("modelCache.models: " + number + " is not above zero");
      assertThatThrownBy(() -> ModelCache.Limits.custom().bytes(number))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("modelCache.bytes: " + number + " is not above zero");
      assertThatThrownBy(() -> ResourceLimits.custom().memory(number))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("limits.memory: " + number + " is not above zero");
      assertThatThrownBy(() -> ResourceLimits.custom().models(number))
          .isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> ResourceLimits.custom().connections(number))
          .isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> ResourceLimits.custom().concurrency(number))
          .isInstanceOf(ConfigurationException.class);
    }
  }

  @Nested
  class Frameworks {

    @Test
    void modelsThatItsCallsLoadAreChargedToTheFramework() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      in("one", () -> acquire(cache, "a", 5)).close();
      in("one", () -> acquire(cache, "b", 6)).close();
      in("two", () -> acquire(cache, "b", 6)).close();
      acquire(cache, "c").close();

      assertThat(cache.share("one")).isEqualTo(new Share(2, 11));
      assertThat(cache.share("two")).isEqualTo(new Share(1, 6));
      assertThat(cache.share("three")).isEqualTo(new Share(0, 0));
      assertThat(cache.stats().bytes()).isEqualTo(12);
    }

    @Test
    void frameworkAtItsLimitGivesUpOnlyItsOwnOldestModel() {
      frameworkLimits = ResourceLimits.custom().models(2).build();
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      in("two", () -> acquire(cache, "x")).close();
      for (String name : List.of("a", "b", "c")) {
        in("one", () -> acquire(cache, name)).close();
      }

      assertThat(open()).containsExactly("x", "b", "c");
    }

    @Test
    void modelOfAnotherFrameworkStaysLoaded() {
      frameworkLimits = ResourceLimits.custom().models(1).build();
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      in("one", () -> acquire(cache, "a")).close();
      in("two", () -> acquire(cache, "a")).close();
      in("one", () -> acquire(cache, "b")).close();

      assertThat(open()).containsExactly("a", "b");
      assertThat(cache.share("one")).isEqualTo(new Share(1, 1));
      in("two", () -> acquire(cache, "b")).close();
      assertThat(open()).containsExactly("b");
    }

    @Test
    void modelsOfAnotherFrameworkDoNotCount() {
      frameworkLimits = ResourceLimits.custom().models(1).build();
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      in("one", () -> acquire(cache, "a")).close();
      try (ModelCache.Use<Model> a = in("two", () -> acquire(cache, "a"))) {
        in("one", () -> acquire(cache, "b")).close();
        assertThat(a.model().isClosed()).isFalse();
        assertThatThrownBy(() -> in("two", () -> acquire(cache, "b")))
            .isInstanceOf(LimitExceededException.class)
            .hasMessageContaining("Framework 'two'")
            .hasMessageContaining("2 of 1 models");
      }
    }

    @Test
    void memoryLimitIncludesWhatContextsTake() {
      frameworkLimits = ResourceLimits.custom().memory(10 << 20).build();
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      in("one", () -> acquire(cache, "a", 6 << 20)).close();
      contextBytes = 3 << 20;
      in("one", () -> acquire(cache, "b", 6 << 20)).close();
      assertThat(open()).containsExactly("b");

      contextBytes = 5 << 20;
      ModelCache.Use<Model> b = in("one", () -> acquire(cache, "b", 6 << 20));
      assertThatThrownBy(() -> in("one", () -> acquire(cache, "c", 1)))
          .isInstanceOf(LimitExceededException.class)
          .hasMessageContaining("2 of 10 models and 11.0 of 10.0 MB, 5.0 MB of them in contexts");
      b.close();
      in("one", () -> acquire(cache, "c", 1 << 20)).close();
      assertThat(open()).containsExactly("c");
    }

    @Test
    void oldestUnusedModelsMakeRoomForAContext() {
      frameworkLimits = ResourceLimits.custom().memory(10).build();
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      ModelCache.Use<Model> a = in("one", () -> acquire(cache, "a", 2));
      for (String name : List.of("b", "c", "d")) {
        in("one", () -> acquire(cache, name, 2)).close();
      }
      in("two", () -> acquire(cache, "b", 2)).close();

      cache.makeRoom("one", 2);
      assertThat(cache.share("one")).isEqualTo(new Share(4, 8));
      cache.makeRoom("one", 5);
      assertThat(cache.share("one")).isEqualTo(new Share(2, 4));
      assertThat(open()).as("b is another's, too").containsExactly("a", "b", "d");
      cache.makeRoom("one", 100);
      assertThat(open()).as("a is in use").containsExactly("a", "b");
      cache.makeRoom("none", 100);
      assertThat(open()).containsExactly("a", "b");
      a.close();
    }

    @Test
    void contextsLeaveAFrameworkWhatItUsesAndItsLargestModel() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      assertThat(cache.bytesKept("one")).isZero();
      in("one", () -> acquire(cache, "a", 5)).close();
      in("one", () -> acquire(cache, "b", 3)).close();
      assertThat(cache.bytesKept("one")).isEqualTo(5);

      ModelCache.Use<Model> b = in("one", () -> acquire(cache, "b", 3));
      ModelCache.Use<Model> c = in("one", () -> acquire(cache, "c", 3));
      assertThat(cache.bytesKept("one")).isEqualTo(6);
      assertThat(cache.bytesKept("two")).isZero();
      b.close();
      c.close();
    }

    @Test
    void modelThatOnlyItsLimitRefusesIsClosed() {
      frameworkLimits = ResourceLimits.custom().memory(10).build();
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());

      assertThatThrownBy(() -> in("one", () -> acquire(cache, "a", 11)))
          .isInstanceOf(LimitExceededException.class)
          .hasMessageContaining("TerrariumConfig.limits");
      assertThat(open()).isEmpty();
      assertThat(cache.share("one")).isEqualTo(new Share(0, 0));

      try (ModelCache.Use<Model> free = acquire(cache, "a", 11)) {
        assertThatThrownBy(() -> in("one", () -> acquire(cache, "a", 11)))
            .isInstanceOf(LimitExceededException.class);
        assertThat(free.model().isClosed()).isFalse();
      }
    }
  }

  @Nested
  class Expiry {

    private final LruModelCache byUse =
        cache(ModelCache.Limits.custom().expireAfterUse(MINUTE).build());
    private final LruModelCache byLoad =
        cache(ModelCache.Limits.custom().expireAfterLoad(MINUTE).build());

    @Test
    void idleModelIsEvictedWithoutARequest() {
      use(byUse, "a");
      time.pass(MINUTE.minusNanos(1));
      time.runDue();
      assertThat(open()).containsExactly("a");

      use(byUse, "a");
      time.pass(Duration.ofNanos(1));
      time.runDue();
      assertThat(open()).containsExactly("a");
      assertThat(time.planned()).isEqualTo(1);

      time.pass(MINUTE);
      time.runDue();
      assertThat(open()).isEmpty();
      assertThat(byUse.stats().evictions()).containsEntry(Cause.EXPIRED, 1L);
      assertThat(time.planned()).isZero();
    }

    @Test
    void expiredModelIsLoadedAgainWithoutASweep() {
      use(byUse, "a");
      time.pass(MINUTE);
      use(byUse, "a");

      assertThat(made).hasSize(2);
      assertThat(open()).containsExactly("a");
    }

    @Test
    void modelLoadedTooLongAgoIsEvictedHoweverMuchItIsUsed() {
      use(byLoad, "a");
      time.pass(MINUTE.minusNanos(1));
      use(byLoad, "a");
      assertThat(made).hasSize(1);
      time.pass(Duration.ofNanos(1));
      time.runDue();

      assertThat(open()).isEmpty();
    }

    @Test
    void modelInUseExpiresWhenItsUseEnds() {
      ModelCache.Use<Model> a = acquire(byLoad, "a");
      time.pass(MINUTE.multipliedBy(2));
      time.runDue();
      use(byLoad, "a");
      assertThat(a.model().isClosed()).isFalse();
      a.close();

      assertThat(made).hasSize(1);
      assertThat(open()).isEmpty();
    }

    @Test
    void neverMeansNever() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      use(cache, "a");
      time.pass(Duration.ofDays(1000));

      assertThat(time.planned()).isZero();
      use(cache, "a");
      assertThat(made).hasSize(1);
    }

    @Test
    void typeCanExpireSooner() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      use(cache, "a");
      cache.limit(TYPE, ModelCache.Limits.custom().expireAfterUse(MINUTE).build());
      time.pass(MINUTE);
      time.runDue();

      assertThat(open()).isEmpty();
    }

    @Test
    void negativeTimesAreRefused() {
      assertThatThrownBy(() -> ModelCache.Limits.custom().expireAfterLoad(Duration.ofNanos(-1)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("modelCache.expireAfterLoad: PT-0.000000001S is below zero");
      assertThatThrownBy(() -> ModelCache.Limits.custom().expireAfterUse(MINUTE.negated()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("modelCache.expireAfterUse: PT-1M is below zero");
    }
  }

  @Nested
  class Closing {

    @Test
    void closeFreesIdleModelsAndTheOthersAfterTheirLastUse() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      use(cache, "a");
      ModelCache.Use<Model> b = acquire(cache, "b");
      cache.close();
      cache.close();
      assertThat(open()).containsExactly("b");
      b.close();

      assertThat(made).allSatisfy(model -> assertThat(model.closings).hasValue(1));
      assertThatThrownBy(() -> acquire(cache, "a"))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("closed");
    }

    @Test
    void modelThatDoesNotCloseIsLoggedAndForgotten() {
      LruModelCache cache = cache(ModelCache.Limits.ofDefaults());
      AutoCloseable stubborn =
          () -> {
            throw new IllegalStateException("no");
          };
      cache.acquire(TYPE, "a", () -> stubborn, model -> 1).close();

      try (LogRecords log = LogRecords.of("terrarium.model")) {
        assertThat(cache.evict(TYPE, "a")).isTrue();
        assertThat(log.lines()).hasSize(1);
      }
      assertThat(cache.evict(TYPE, "a")).isFalse();
      assertThat(cache.stats().models()).isZero();
    }
  }

  /**
   * Real threads use the cache: a model that they hold is open, a model that was evicted was closed
   * once.
   */
  @Test
  void modelInUseIsNeverClosedAndEachModelIsClosedOnce() throws Exception {
    frameworkLimits = ResourceLimits.custom().models(3).memory(12).build();
    LruModelCache cache =
        new LruModelCache(
            ModelCache.Limits.custom()
                .models(4)
                .bytes(16)
                .expireAfterUse(Duration.ofNanos(50))
                .build(),
            framework -> frameworkLimits,
            framework -> 0,
            Events.none(),
            new AtomicLong()::incrementAndGet,
            Scheduler.disabledScheduler(),
            load -> Thread.ofVirtual().start(load));
    CountDownLatch start = new CountDownLatch(1);
    AtomicInteger served = new AtomicInteger();
    List<Task<@Nullable Void>> tasks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Random random = new Random(i);
      String framework = i % 2 == 0 ? "one" : "two";
      tasks.add(
          Task.running(
              () -> {
                Task.await(start);
                new CallScope(framework, null).run(() -> useAtRandom(cache, random, 4_000, served));
              }));
    }
    start.countDown();
    for (Task<?> task : tasks) {
      Object unused = task.result();
    }
    cache.close();

    assertThat(served).hasValueGreaterThan(4_000);
    assertThat(cache.stats().inUse()).isZero();
    assertThat(cache.stats().bytes()).isZero();
    assertThat(cache.share("one")).isEqualTo(new Share(0, 0));
    assertThat(made).allSatisfy(model -> assertThat(model.closings).hasValue(1));
  }

  private void useAtRandom(LruModelCache cache, Random random, int times, AtomicInteger served) {
    for (int i = 0; i < times; i++) {
      int which = random.nextInt(8);
      Supplier<Model> loader =
          () -> {
            if (which == 7) {
              throw new ModelException("never loads");
            }
            Model model = new Model("m" + which, which);
            made.add(model);
            return model;
          };
      if (random.nextInt(50) == 0) {
        cache.evict(TYPE, "m" + which);
      }
      try (ModelCache.Use<Model> use =
          cache.acquire(TYPE, "m" + which, loader, model -> model.bytes)) {
        Thread.onSpinWait();
        assertThat(use.model().isClosed()).isFalse();
        served.incrementAndGet();
      } catch (LimitExceededException | ModelException e) {
        assertThat(e.getMessage()).isNotNull();
      }
    }
  }
}
