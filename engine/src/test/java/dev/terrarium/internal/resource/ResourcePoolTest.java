package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Stats;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.spi.ResourcePool;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.ManualTime;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ResourcePoolTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofMillis(20);

  private final ManualTime time = new ManualTime();
  private final List<TerrariumEvent> events = new CopyOnWriteArrayList<>();
  private final List<Connection> made = new CopyOnWriteArrayList<>();
  private final KeyedResourcePool pool =
      new KeyedResourcePool(
          framework -> 2, Events.to(List.of(events::add)), time, time, Runnable::run);
  private final ResourcePool.Kind<Connection> connections = connections().maxPerKey(3).build();
  private final ResourcePool.Kind<Connection> tokenizers =
      ResourcePool.Kind.<Connection>shared("tokenizer", this::open)
          .check(Connection::isAlive)
          .closer(Connection::close)
          .build();

  /** A connection that is opened, breaks and is closed. */
  private static final class Connection {
    final String to;
    final AtomicInteger closings = new AtomicInteger();
    volatile boolean alive = true;

    Connection(String to) {
      this.to = to;
    }

    boolean isAlive() {
      return alive;
    }

    void close() {
      closings.incrementAndGet();
    }
  }

  private ResourcePool.Kind.Builder<Connection> connections() {
    return ResourcePool.Kind.<Connection>exclusive("connection", this::open)
        .check(Connection::isAlive)
        .closer(Connection::close)
        .waitTimeout(SHORT);
  }

  private Connection open(String to) {
    Connection connection = new Connection(to);
    made.add(connection);
    return connection;
  }

  private Connection use(ResourcePool.Kind<Connection> kind, String key) {
    try (ResourcePool.Lease<Connection> lease = pool.borrow(kind, key)) {
      return lease.resource();
    }
  }

  private static <T> T in(String framework, Supplier<T> call) {
    List<T> result = new ArrayList<>();
    new CallScope(framework, null).run(() -> result.add(call.get()));
    return result.getFirst();
  }

  private long open() {
    return made.stream().filter(each -> each.closings.get() == 0).count();
  }

  private List<String> evictions() {
    return events.stream()
        .filter(TerrariumEvent.CacheEvicted.class::isInstance)
        .map(TerrariumEvent.CacheEvicted.class::cast)
        .map(event -> event.key() + " " + event.cause())
        .toList();
  }

  @Test
  void exclusiveResourceIsUsedByOneCallerAtATimeAndReused() {
    Connection first;
    try (ResourcePool.Lease<Connection> one = pool.borrow(connections, "a");
        ResourcePool.Lease<Connection> two = pool.borrow(connections, "a")) {
      first = one.resource();
      assertThat(two.resource()).isNotSameAs(first);
    }

    assertThat(use(connections, "a")).isSameAs(first); // released last
    assertThat(use(connections, "b")).isNotSameAs(first);
    assertThat(made).extracting(each -> each.to).containsExactly("a", "a", "b");
  }

  @Test
  void sharedResourceIsUsedByManyCallersAtOnce() {
    try (ResourcePool.Lease<Connection> one = pool.borrow(tokenizers, "a");
        ResourcePool.Lease<Connection> two = pool.borrow(tokenizers, "a")) {
      assertThat(two.resource()).isSameAs(one.resource());
    }

    assertThat(made).hasSize(1);
    assertThat(events)
        .anySatisfy(
            event ->
                assertThat(event)
                    .isEqualTo(new TerrariumEvent.CacheHit("resources", "tokenizer:a")));
  }

  @Test
  void sharedResourceIsMadeOnceForConcurrentCallers() throws Exception {
    CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
    AtomicInteger makings = new AtomicInteger();
    ResourcePool.Kind<String> slow =
        ResourcePool.Kind.<String>shared(
                "slow",
                key -> {
                  makings.incrementAndGet();
                  gate.join();
                  return key;
                })
            .build();
    List<Task<String>> tasks = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      tasks.add(Task.of(() -> pool.borrow(slow, "a").resource()));
    }
    tasks.forEach(Task::untilItWaits);
    gate.complete(null);
    for (Task<String> task : tasks) {
      assertThat(task.result()).isEqualTo("a");
    }

    assertThat(makings).hasValue(1);
  }

  @Test
  void unfitResourceIsClosedAndMadeAgain() {
    Connection first = use(connections, "a");
    first.alive = false;

    assertThat(use(connections, "a")).isNotSameAs(first);
    assertThat(first.closings).hasValue(1);
    assertThat(open()).isEqualTo(1);
    assertThat(evictions()).containsExactly("connection:a REPLACED");
  }

  @Test
  void resourceWhoseCheckThrowsIsUnfit() {
    AtomicBoolean fails = new AtomicBoolean();
    ResourcePool.Kind<Connection> kind =
        ResourcePool.Kind.<Connection>shared("odd", this::open)
            .check(
                each -> {
                  if (fails.get()) {
                    throw new IllegalStateException("odd");
                  }
                  return true;
                })
            .build();
    Connection first = use(kind, "a");
    fails.set(true);

    try (LogRecords log = LogRecords.of("terrarium.resource")) {
      assertThat(use(kind, "a")).isNotSameAs(first);
      assertThat(log.lines()).hasSize(1);
    }
  }

  @Test
  void failedFactoryLeavesNoResource() {
    AtomicBoolean fails = new AtomicBoolean(true);
    ResourcePool.Kind<Connection> kind =
        ResourcePool.Kind.<Connection>exclusive(
                "odd",
                key -> {
                  if (fails.get()) {
                    throw new IllegalStateException("refused");
                  }
                  return open(key);
                })
            .maxPerKey(1)
            .build();
    assertThatThrownBy(() -> pool.borrow(kind, "a")).hasMessage("refused");
    assertThat(pool.size()).isZero();
    fails.set(false);

    assertThat(use(kind, "a").to).isEqualTo("a");
  }

  @Test
  void waitIsBoundedAndItsRefusalHasTheFigures() {
    ResourcePool.Kind<Connection> one = connections().maxPerKey(1).build();
    try (ResourcePool.Lease<Connection> held = pool.borrow(one, "a")) {
      assertThatThrownBy(() -> pool.borrow(one, "a"))
          .isInstanceOf(LimitExceededException.class)
          .hasMessage(
              "No connection of a became free in PT0.02S: there are 1 of 1, all in use. Give them"
                  + " back sooner, or raise the limit.");
      assertThat(held.resource().closings).hasValue(0);
    }
  }

  @Test
  void waiterGetsTheReleasedResource() throws Exception {
    ResourcePool.Kind<Connection> one = connections().maxPerKey(1).waitTimeout(MINUTE).build();
    ResourcePool.Lease<Connection> held = pool.borrow(one, "a");
    Connection connection = held.resource();
    Task<Connection> waiter = Task.of(() -> use(one, "a"));
    waiter.untilItWaits();
    held.close();

    assertThat(waiter.result()).isSameAs(connection);
  }

  @Test
  void waitingCanBeInterrupted() throws Exception {
    ResourcePool.Kind<Connection> one = connections().maxPerKey(1).waitTimeout(MINUTE).build();
    try (ResourcePool.Lease<Connection> held = pool.borrow(one, "a")) {
      Task<Connection> waiter = Task.of(() -> use(one, "a"));
      waiter.untilItWaits();
      waiter.interrupt();

      assertThat(waiter.failure())
          .isInstanceOf(CallInterruptedException.class)
          .hasMessageContaining("connection:a");
      assertThat(held.resource().closings).hasValue(0);
    }
  }

  @Test
  void leastRecentlyUsedResourceIsClosedAtTheFrameworksLimit() {
    in("one", () -> use(connections, "a"));
    in("two", () -> use(connections, "x"));
    in("one", () -> use(connections, "b"));
    in("one", () -> use(connections, "c"));

    assertThat(made.stream().filter(each -> each.closings.get() > 0).map(each -> each.to))
        .containsExactly("a");
    assertThat(evictions()).containsExactly("connection:a SIZE");
    assertThat(pool.connections("one")).isEqualTo(2);
    assertThat(pool.connections("two")).isEqualTo(1);
  }

  @Test
  void frameworkAtItsLimitGetsNoFurtherConnection() {
    List<ResourcePool.Lease<Connection>> held = new ArrayList<>();
    held.add(in("one", () -> pool.borrow(connections, "a")));
    held.add(in("one", () -> pool.borrow(connections, "b")));

    assertThatThrownBy(() -> in("one", () -> pool.borrow(connections, "c")))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("framework 'one' has 2 of 2 connections");
    assertThat(in("one", () -> use(tokenizers, "a"))).isNotNull();
    assertThat(in("two", () -> use(connections, "c"))).isNotNull();
    held.forEach(ResourcePool.Lease::close);
    assertThat(in("one", () -> use(connections, "a"))).isSameAs(made.getFirst());
  }

  @Test
  void idleResourceIsClosedWithoutARequest() {
    ResourcePool.Kind<Connection> kind = connections().expireAfterUse(MINUTE).build();
    use(kind, "a");
    time.pass(MINUTE.minusNanos(1));
    time.runDue();
    assertThat(open()).isEqualTo(1);
    time.pass(Duration.ofNanos(1));
    time.runDue();

    assertThat(open()).isZero();
    assertThat(pool.size()).isZero();
    assertThat(time.planned()).isZero();
    assertThat(evictions()).containsExactly("connection:a EXPIRED");
  }

  @Test
  void replacedSweepsDoNotContinue() {
    ResourcePool.Kind<Connection> fast = connections().expireAfterUse(MINUTE).build();
    ResourcePool.Kind<Connection> slow =
        connections().expireAfterUse(MINUTE.multipliedBy(5)).build();
    for (int round = 0; round < 10; round++) {
      use(slow, "s");
      use(fast, "f");
      for (int minute = 0; minute < 4; minute++) {
        time.pass(MINUTE);
        time.runDue();
      }
    }

    assertThat(time.planned()).isLessThanOrEqualTo(2);
  }

  @Test
  void expiredResourceIsClosedWhenItsUseEnds() {
    ResourcePool.Kind<Connection> kind = connections().expireAfterMake(MINUTE).build();
    try (ResourcePool.Lease<Connection> lease = pool.borrow(kind, "a")) {
      time.pass(MINUTE);
      assertThat(lease.resource().closings).hasValue(0);
    }

    assertThat(open()).isZero();
  }

  @Test
  void closingFreesIdleResourcesAndTheOthersOnRelease() throws Exception {
    ResourcePool.Kind<Connection> one = connections().maxPerKey(1).waitTimeout(MINUTE).build();
    use(connections, "x");
    ResourcePool.Lease<Connection> held = pool.borrow(one, "a");
    Task<Connection> waiter = Task.of(() -> use(one, "a"));
    waiter.untilItWaits();
    pool.close();
    pool.close();

    assertThat(waiter.failure()).isInstanceOf(ClosedException.class);
    assertThat(evictions()).containsExactly("connection:x EXPLICIT");
    assertThat(open()).isEqualTo(1);
    assertThat(held.resource().closings).hasValue(0);
    held.close();
    held.close();
    assertThat(made).allSatisfy(each -> assertThat(each.closings).hasValue(1));
    assertThatThrownBy(held::resource).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void eachKindHasItsFigures() {
    use(connections, "a");
    use(connections, "a").alive = false;
    use(connections, "a");
    ResourcePool.Kind<String> broken =
        ResourcePool.Kind.<String>shared(
                "broken",
                key -> {
                  throw new IllegalStateException(key);
                })
            .build();
    assertThatThrownBy(() -> pool.borrow(broken, "a")).isInstanceOf(IllegalStateException.class);
    try (ResourcePool.Lease<Connection> one = pool.borrow(tokenizers, "t");
        ResourcePool.Lease<Connection> two = pool.borrow(tokenizers, "t")) {
      assertThat(one.resource()).isSameAs(two.resource());
      assertThat(pool.stats())
          .isEqualTo(
              Map.of(
                  "connection", new Stats.Resource(1, 0, 1, 2, 0, 1),
                  "broken", new Stats.Resource(0, 0, 0, 0, 1, 0),
                  "tokenizer", new Stats.Resource(1, 1, 1, 1, 0, 0)));
    }
    pool.close();

    assertThat(pool.stats()).containsEntry("connection", new Stats.Resource(0, 0, 1, 2, 0, 2));
    assertThat(pool.stats()).containsEntry("tokenizer", new Stats.Resource(0, 0, 1, 1, 0, 1));
  }

  @Test
  void badSettingsAreRefusedByName() {
    ResourcePool.Kind.Builder<Connection> kind = connections();

    assertThatThrownBy(() -> kind.maxPerKey(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("connection.maxPerKey: 0 is not above zero");
    assertThatThrownBy(() -> ResourcePool.Kind.<Connection>shared("t", this::open).maxPerKey(2))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("t.maxPerKey: 2 of a shared kind");
    assertThatThrownBy(() -> kind.waitTimeout(Duration.ZERO))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("connection.waitTimeout: PT0S is not above zero");
    assertThatThrownBy(() -> kind.expireAfterMake(MINUTE.negated()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("connection.expireAfterMake: PT-1M is below zero");
    assertThatThrownBy(() -> kind.expireAfterUse(MINUTE.negated()))
        .isInstanceOf(ConfigurationException.class);
  }
}
