package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.B;
import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How the pool makes contexts, and what it does when it cannot. */
@SuppressWarnings("try") // a lease is held here, not used
class ContextMakingTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  @Test
  void minimumIsMadeAtTheStartAndTheRestOnDemandUpToTheMaximum() {
    ContextPool pool = bench.open(1, 2);
    assertThat(pool.ready()).isCompleted();
    assertThat(bench.made).hasSize(1);

    ContextLease first = bench.borrow(A);
    ContextLease second = bench.borrow(A);
    Waiter third = bench.ask(A);
    assertThat(bench.made).hasSize(2);
    assertThat(third.isWaiting()).isTrue();
    second.close();
    bench.lease(third).close();
    first.close();
  }

  @Test
  void itIsReadyWithAsManyAsCouldBeMade() {
    bench.makers.hold();
    ContextPool pool = bench.open(2, 2);
    bench.makers.runNext();
    assertThat(pool.ready()).isNotDone();
    bench.failure = new ModelException("no more");
    bench.makers.runNext();

    assertThat(pool.ready()).isCompleted();
    assertThat(bench.stats().idle()).isOne();
  }

  @Test
  void withoutAMinimumItIsReadyAtOnce() {
    assertThat(bench.open(0, 1).ready()).isCompleted();
    assertThat(bench.made).isEmpty();
  }

  @Test
  void loadThatEndsWithAnErrorLosesNoContext() {
    bench.open(1, 1);
    bench.context(0).failing(Kind.PREPARE, new OutOfMemoryError("heap"));
    Waiter waiter = bench.ask(A);

    assertThat(waiter.failure())
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("OutOfMemoryError: heap");
    assertThat(bench.stats().idle()).isEqualTo(1);
  }

  @Test
  void whoseContextCannotBeMadeWaitsForAnotherOneNoLongerThanABorrower() throws Exception {
    Duration time = Duration.ofMillis(100);
    bench.openReal(settings(1, 2).withTimeouts(time, Duration.ofHours(1), Duration.ZERO));
    bench.pool().ready().join(); // else the first borrower has a second one made
    CountDownLatch failing = new CountDownLatch(1);
    try (ContextLease held = bench.pool().borrow(A, "count", Deadline.none())) {
      bench.setUp =
          context -> {
            Task.await(failing);
            throw new ModelException("no more");
          };
      Task<ContextLease> borrower = Task.of(() -> bench.pool().borrow(A, "count", Deadline.none()));
      Task.until("one is made for it", () -> bench.stats().starting() == 1);
      long begin = System.nanoTime();
      Task.until("that takes longer", () -> System.nanoTime() - begin > 2 * time.toNanos());
      failing.countDown();

      assertThat(borrower.failure()).isInstanceOf(BorrowTimeoutException.class);
    }
  }

  @Test
  void whoShareAFailureDoNotPileUpTheirFrames() throws Exception {
    bench.makers.hold();
    bench.failure = new ModelException("no context today");
    bench.open(1, 1);
    List<Task<@Nullable Object>> callers =
        Stream.of(1, 2)
            .map(
                number ->
                    Task.<@Nullable Object>of(
                        () -> bench.pool().run(PoolBench.count(A, Deadline.none()))))
            .toList();
    Task.until("both wait", () -> bench.stats().pending() == 2);
    bench.makers.runAll();

    for (Task<@Nullable Object> caller : callers) {
      assertThat(caller.failure().getStackTrace())
          .filteredOn(frame -> frame.getMethodName().equals("addCaller"))
          .hasSize(1);
    }
  }

  @Test
  void firstContextThatTakesTooLongIsALoadTimeOut() {
    bench.makers.hold();
    bench.open(1, 1);
    Waiter waiter = bench.ask(A);
    bench.timer.turn(LONG.multipliedBy(4));
    bench.pool().reconsider(waiter);

    assertThat(waiter.failure())
        .isInstanceOf(LoadTimeoutException.class)
        .hasMessageContaining("The first context was not ready within 2m");
    bench.makers.runAll();
    assertThat(bench.use(A)).isEqualTo("context-0");
  }

  @Test
  void oneReadyContextServesWhileOthersAreBeingMade() {
    bench.makers.hold();
    bench.open(3, 3);
    bench.makers.runNext();

    assertThat(bench.use(A)).isEqualTo("context-0");
    assertThat(bench.stats().starting()).isEqualTo(2);
    bench.makers.runAll();
    assertThat(bench.stats().idle()).isEqualTo(3);
  }

  @Test
  void contextThatCannotBeMadeIsToldOnceAndTriedAgainLater() {
    bench.open(1, 3);
    bench.failure = new ModelException("slots exhausted");
    ContextLease held = bench.borrow(A);
    Waiter second = bench.ask(A);
    Waiter third = bench.ask(A);

    assertThat(bench.log())
        .containsExactly(
            "terrarium.pool WARNING A context could not be made; the pool goes on without it");
    held.close();
    bench.lease(second).close();
    bench.failure = null;
    ContextLease again = bench.lease(third);
    Waiter early = bench.ask(A);
    assertThat(early.isWaiting()).isTrue();

    bench.timer.turn(ContextMaking.RETRY_AFTER);
    Waiter late = bench.ask(A);
    assertThat(bench.made).hasSize(3);
    Stream.of(early, late).map(bench::lease).forEach(ContextLease::close);
    again.close();
  }

  @Test
  void whenNoneCanBeMadeEveryBorrowerIsToldWhy() {
    bench.makers.hold();
    bench.failure = new ModelException("no context today");
    ContextPool pool = bench.open(2, 2);
    Waiter early = bench.ask(A);
    bench.makers.runAll();

    assertThat(early.failure()).isSameAs(bench.failure);
    assertThat(pool.ready()).isCompletedExceptionally();
    Waiter late = bench.ask(A);
    bench.makers.runAll();
    assertThat(late.failure()).isSameAs(bench.failure);
    assertThat(bench.figures()).isEqualTo("total=0, starting=0, active=0, idle=0, pending=0");
  }

  @Test
  void failureIsNotRepeatedWhileAnotherContextIsBeingMade() {
    bench.makers.hold();
    bench.open(1, 2);
    Waiter waiter = bench.ask(A);
    assertThat(bench.makers.size()).isEqualTo(2);
    bench.failure = new ModelException("once");
    bench.makers.runNext();
    assertThat(bench.makers.size()).isOne();

    bench.failure = null;
    bench.makers.runNext();
    bench.lease(waiter).close();
  }

  @Test
  void errorWhileMakingAContextIsToldToo() {
    bench.setUp =
        context -> {
          throw new NoClassDefFoundError("some/Library");
        };
    bench.open(1, 1);

    assertThat(bench.ask(A).failure())
        .hasMessageContaining("some/Library")
        .hasCauseInstanceOf(NoClassDefFoundError.class);
  }

  @Test
  void noThreadToMakeOneOnIsAFailureToo() {
    bench.setUp =
        context -> {
          throw new RejectedExecutionException("no thread");
        };
    bench.open(1, 1);

    assertThat(bench.ask(A).failure()).hasMessageContaining("no thread");
  }

  @Test
  void loadThatFailedIsToldToThoseWithoutAnotherHope() {
    bench.open(1, 1);
    StubContext context = bench.context(0).hold(Kind.PREPARE);
    Waiter loader = bench.ask(A);
    Waiter same = bench.ask(A);
    Waiter other = bench.ask(B);
    context.running().fail(new FrameworkLoadException("no such module"));

    assertThat(loader.failure()).hasMessage("no such module");
    assertThat(same.failure()).isSameAs(loader.failure());
    assertThat(context.count(Kind.CHECK)).isOne();
    context.running().end();
    bench.lease(other).close();
  }

  @Test
  void loadThatFailedIsNotToldToThoseWhoHaveAnotherHope() {
    bench.open(2, 2);
    bench.warm(A, B);
    ContextLease held = bench.borrow(A);
    bench.context(1).hold(Kind.PREPARE);
    Waiter hurried = bench.ask(A);
    bench.timer.turn(LONG.dividedBy(4));
    bench.pool().reconsider(hurried);
    Waiter patient = bench.ask(A);
    bench.context(1).running().fail(new FrameworkLoadException("not here"));

    assertThat(hurried.failure()).hasMessage("not here");
    assertThat(patient.isWaiting()).isTrue();
    held.close();
    bench.lease(patient).close();
  }
}
