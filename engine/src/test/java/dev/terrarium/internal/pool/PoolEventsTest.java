package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.alone;
import static dev.terrarium.internal.pool.PoolBench.framework;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Stats;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.CommandExecuted;
import dev.terrarium.event.TerrariumEvent.ContextAbandoned;
import dev.terrarium.event.TerrariumEvent.ContextBorrowed;
import dev.terrarium.event.TerrariumEvent.ContextCreated;
import dev.terrarium.event.TerrariumEvent.ContextParked;
import dev.terrarium.event.TerrariumEvent.ContextReset;
import dev.terrarium.event.TerrariumEvent.ContextRetired;
import dev.terrarium.event.TerrariumEvent.FrameworkLoaded;
import dev.terrarium.event.TerrariumEvent.FrameworkSwitched;
import dev.terrarium.event.TerrariumEvent.ResetCause;
import dev.terrarium.event.TerrariumEvent.RetireCause;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What observers are told of a pool, on contexts without Python and a clock turned by hand. */
@SuppressWarnings("try") // a lease is held here, not used
class PoolEventsTest {

  private static final BridgeSource A = framework("a");
  private static final BridgeSource B = framework("b");
  private static final String CONTEXT = "context-0";

  @RegisterExtension final PoolBench bench = new PoolBench();

  private StubContext open() {
    bench.open(1, 1);
    bench.use(A);
    bench.told.clear();
    return bench.context(0);
  }

  private static Duration millis(int millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void contextIsCreatedInTheTimeThatItTook() {
    bench.setUp = context -> bench.timer.turn(millis(7));
    bench.open(2, 2);

    assertThat(bench.told)
        .containsExactly(
            new ContextCreated("context-0", 7_000_000), new ContextCreated("context-1", 7_000_000));
  }

  @Test
  void frameworkIsLoadedInTheTimeThatItTook() {
    bench.open(1, 1);
    bench.context(0).hold(Kind.PREPARE);
    Waiter waiter = bench.ask(A);
    bench.timer.turn(millis(3));
    bench.context(0).running().end();

    assertThat(bench.told).contains(new FrameworkLoaded("a", CONTEXT, 3_000_000));
    bench.lease(waiter).close();
  }

  @Test
  void attachingABridgeAloneIsNoLoad() {
    bench.open(1, 1);
    bench.lease(bench.ask(A, StubContext.NEEDS_NO_LOAD)).close();

    assertThat(bench.told).noneMatch(FrameworkLoaded.class::isInstance);
  }

  @Test
  void loadThatFailsIsNone() {
    bench.open(1, 1);
    bench.context(0).failing(Kind.PREPARE, new FrameworkLoadException("no such module", null));
    assertThat(bench.ask(A).failure()).isInstanceOf(FrameworkLoadException.class);

    assertThat(bench.told).noneMatch(FrameworkLoaded.class::isInstance);
  }

  @Test
  void borrowerIsToldHowLongItWaited() throws Exception {
    open();
    ContextLease first = bench.borrow(A);
    Task<String> second =
        Task.of(
            () -> {
              try (ContextLease lease = bench.pool().borrow(A, "count", Deadline.none())) {
                return lease.name();
              }
            });
    Task.until("it queues", () -> bench.pool().stats().pending() == 1);
    bench.timer.turn(millis(5));
    first.close();

    assertThat(second.result()).isEqualTo(CONTEXT);
    assertThat(bench.told).contains(new ContextBorrowed("a", CONTEXT, 5_000_000));
  }

  @Test
  void contextThatIsReadyIsBorrowedInNoTime() {
    open();
    bench.pool().borrow(A, "count", Deadline.none()).close();

    assertThat(bench.told).containsExactly(new ContextBorrowed("a", CONTEXT, 0));
  }

  @Test
  void switchIsToldWhenAnotherFrameworkGetsTheContext() {
    open();
    bench.use(A);
    assertThat(bench.told).isEmpty();

    bench.use(B);
    bench.use(B);
    bench.use(A);
    assertThat(bench.told)
        .containsExactly(
            new FrameworkLoaded("b", CONTEXT, 0),
            new FrameworkSwitched("a", "b", CONTEXT),
            new FrameworkSwitched("b", "a", CONTEXT));
  }

  @Test
  void eachCommandIsToldWithItsTimeAndItsFailure() {
    StubContext context = open();
    context.answer =
        () -> {
          bench.timer.turn(millis(2));
          return "answer";
        };
    bench.call(A);
    context.answer =
        () -> {
          bench.timer.turn(millis(1));
          throw new ArgumentException("no text");
        };
    assertThatThrownBy(() -> bench.call(A)).hasMessage("no text");
    context.answer =
        () -> {
          throw new StackOverflowError("deep");
        };
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(StackOverflowError.class);

    assertThat(bench.told)
        .containsExactly(
            new CommandExecuted("a", "count", CONTEXT, 2_000_000, null),
            new CommandExecuted("a", "count", CONTEXT, 1_000_000, "ArgumentException"),
            new CommandExecuted("a", "count", CONTEXT, 0, "StackOverflowError"));
  }

  @Test
  void commandsOfOneVisitAreToldEach() {
    open();
    PoolCall<@Nullable Object> batch =
        new PoolCall<>(
            A,
            "batch",
            null,
            Deadline.none(),
            commands -> {
              commands.stream("read", Map.of(), piece -> {});
              return commands.call("count", Map.of());
            },
            new CallScope("a", null),
            UnaryOperator.identity());
    bench.borrow(A).run(batch);

    assertThat(bench.told)
        .containsExactly(
            new CommandExecuted("a", "read", CONTEXT, 0, null),
            new CommandExecuted("a", "count", CONTEXT, 0, null));
  }

  @Test
  void commandOfACallWithinACallIsToldAndBorrowsNothing() {
    StubContext context = open();
    context.answer =
        () -> {
          context.answer = () -> "inner";
          return bench.pool().run(PoolBench.count(A, Deadline.none()));
        };
    bench.call(A);

    assertThat(bench.told)
        .containsExactly(
            new CommandExecuted("a", "count", CONTEXT, 0, null),
            new CommandExecuted("a", "count", CONTEXT, 0, null));
  }

  @Test
  void soundContextIsNotResetByItsCheck() {
    StubContext context = open();
    context.failing(Kind.CALL, new PythonException("ValueError", "no", List.of(), null));
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(PythonException.class);

    assertThat(context.count(Kind.CHECK)).isOne();
    assertThat(bench.told).isEmpty();
  }

  @Test
  void contextIsReportedAsResetWhenItWasRestored() {
    StubContext context = open().hold(Kind.CHECK);
    context.condition = HealthStatus.RESTORED;
    context.failing(Kind.CALL, new PythonException("ValueError", "no", List.of(), null));
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(PythonException.class);
    bench.timer.turn(millis(4));
    context.running().end();

    assertThat(bench.told)
        .containsExactly(new ContextReset(CONTEXT, ResetCause.RESTORED, 4_000_000));
  }

  @Test
  void contextIsResetWhenMemoryHadRunOut() {
    StubContext context = open();
    context.failing(Kind.CALL, new PythonException("MemoryError", "", List.of(), null));
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(PythonException.class);

    assertThat(bench.told).containsExactly(new ContextReset(CONTEXT, ResetCause.MEMORY, 0));
  }

  @Test
  void contextIsResetWhenItIsRecycledAndTheNextUserSwitchesNothing() {
    bench.open(settings(1, 1).withRecycling(1, Duration.ZERO));
    bench.use(A);
    bench.use(B);

    assertThat(bench.told)
        .containsExactly(
            new ContextCreated(CONTEXT, 0),
            new FrameworkLoaded("a", CONTEXT, 0),
            new ContextReset(CONTEXT, ResetCause.RECYCLED, 0),
            new FrameworkLoaded("b", CONTEXT, 0),
            new ContextReset(CONTEXT, ResetCause.RECYCLED, 0));
  }

  @Test
  void contextIsRetiredWhenTheRuntimeFailed() {
    StubContext context = open();
    context.failing(
        Kind.CALL, new PythonException(PythonException.INTERNAL, "boom", List.of(), null));
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(PythonException.class);

    assertThat(bench.told)
        .containsExactlyInAnyOrder(
            new ContextRetired(CONTEXT, RetireCause.RUNTIME_FAILED),
            new ContextCreated("context-1", 0));
  }

  @Test
  void contextIsRetiredWhenItCannotBeRestored() {
    StubContext context = open();
    context.condition = HealthStatus.BROKEN;
    context.failing(Kind.CALL, new PythonException("ValueError", "no", List.of(), null));
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(PythonException.class);

    assertThat(bench.told).contains(new ContextRetired(CONTEXT, RetireCause.BEYOND_REPAIR));
  }

  @Test
  void contextIsRetiredWhenItsCheckFailsOrDoesNotEnd() {
    StubContext context = open();
    context.failing(Kind.CALL, new PythonException("ValueError", "no", List.of(), null));
    context.failing(Kind.CHECK, new CancellationException("stopped"));
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(PythonException.class);

    assertThat(context.count(Kind.CHECK)).isEqualTo(2);
    assertThat(bench.told).contains(new ContextRetired(CONTEXT, RetireCause.CHECK_FAILED));
  }

  @Test
  void contextWhoseWorkDoesNotStopIsAbandoned() {
    open();
    StubExecution<?> running = bench.runAway(A);
    bench.timer.turn(ContextRepair.GRACE);
    assertThat(bench.told).noneMatch(ContextAbandoned.class::isInstance);

    bench.timer.turn(ContextRepair.ABANDON_AFTER);
    assertThat(bench.told).contains(new ContextAbandoned(CONTEXT));
    running.stop();
  }

  @Test
  void contextIsParkedOnClosingAndForAnotherProfile() {
    bench.open(1, 1);
    bench.use(A);
    bench.use(PoolBench.restricted("r"));
    assertThat(bench.told).contains(new ContextParked("context-0"));

    bench.pool().close();
    assertThat(bench.told).contains(new ContextParked("context-1"));
  }

  @Test
  void dropsCountForTheLoad() {
    bench.open(1, 1);
    bench.use(A);
    bench.context(0).hold(Kind.PREPARE);
    Waiter waiter = bench.ask(alone("lonely"));
    bench.timer.turn(millis(1));
    bench.context(0).running().end();

    assertThat(bench.told)
        .endsWith(new FrameworkSwitched("a", "lonely", CONTEXT))
        .contains(new FrameworkLoaded("lonely", CONTEXT, 1_000_000));
    bench.lease(waiter).close();
  }

  /**
   * Opens a pool that is watched by another observer, and drives it through all that can happen.
   */
  private void wholeLife(TerrariumObserver observer) {
    ContextPool pool =
        bench.open(settings(1, 1).withRecycling(3, Duration.ZERO), Events.to(List.of(observer)));
    StubContext context = bench.context(0);
    bench.call(A);
    bench.call(B);
    context.condition = HealthStatus.RESTORED;
    context.failing(Kind.CALL, new PythonException("ValueError", "no", List.of(), null));
    assertThatThrownBy(() -> bench.call(A)).isInstanceOf(PythonException.class);
    context.succeeding(Kind.CALL);
    bench.call(A);
    StubExecution<?> running = bench.runAway(A);
    bench.timer.turn(ContextRepair.ABANDON_AFTER.plusSeconds(1));
    running.fail(new PythonException(PythonException.INTERNAL, "boom", List.of(), null));
    pool.run(PoolBench.count(A, Deadline.none()));
    pool.close();
  }

  /**
   * Another thread gets the figures, which needs the lock; the first event comes too soon for it.
   */
  private void assertFigures() {
    try {
      assertThat(Task.of(() -> bench.isOpen() ? bench.pool().stats() : "no pool yet").result())
          .isNotNull();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void observersAreToldWithoutTheLock() {
    List<Class<?>> seen = new CopyOnWriteArrayList<>();
    wholeLife(
        event -> {
          assertFigures(); // and what throws is not seen
          seen.add(event.getClass());
        });

    assertThat(seen)
        .contains(
            ContextCreated.class,
            FrameworkLoaded.class,
            FrameworkSwitched.class,
            ContextBorrowed.class,
            CommandExecuted.class,
            ContextReset.class,
            ContextAbandoned.class,
            ContextRetired.class,
            ContextParked.class);
  }

  @Test
  void observerThatThrowsChangesNothing() {
    List<TerrariumEvent> quiet = new CopyOnWriteArrayList<>();
    wholeLife(quiet::add);
    Stats.Pool without = bench.pool().stats();
    bench.made.clear();
    List<TerrariumEvent> seen = new CopyOnWriteArrayList<>();
    try (LogRecords log = LogRecords.of("terrarium.event")) {
      wholeLife(
          event -> {
            seen.add(event);
            throw new AssertionError("no observer should throw this");
          });

      assertThat(log.lines()).hasSameSizeAs(seen);
    }
    assertThat(seen).extracting(Object::getClass).isEqualTo(classes(quiet));
    assertThat(bench.pool().stats()).isEqualTo(without);
  }

  private static List<Object> classes(List<TerrariumEvent> events) {
    return events.stream().<Object>map(TerrariumEvent::getClass).toList();
  }
}
