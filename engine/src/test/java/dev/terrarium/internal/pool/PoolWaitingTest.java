package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.B;
import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How borrowers wait in the queue, and which time-out ends that. */
@SuppressWarnings("try") // a lease is held here, not used
class PoolWaitingTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  @Test
  void waitersAreServedInTheOrderInWhichTheyCame() {
    bench.open(1, 1);
    ContextLease lease = bench.borrow(A);
    List<Waiter> waiters = Stream.generate(() -> bench.ask(A)).limit(5).toList();
    for (Waiter waiter : waiters) {
      assertThat(waiters).filteredOn(Waiter::isWaiting).startsWith(waiter);
      lease.close();
      lease = bench.lease(waiter);
    }
    lease.close();
  }

  @Test
  void borrowerOfAWarmFrameworkDoesNotWaitBehindAColdLoad() {
    bench.open(2, 2);
    bench.warm(A, A);
    ContextLease first = bench.borrow(A);
    ContextLease second = bench.borrow(A);
    bench.context(0).hold(Kind.PREPARE);
    bench.context(1).hold(Kind.PREPARE);
    Waiter cold = bench.ask(B);
    Waiter warm = bench.ask(A);

    first.close();
    assertThat(cold.isWaiting()).as("the cold one loads").isTrue();
    second.close();
    assertThat(warm.isWaiting()).isFalse();
    bench.lease(warm).close();
    StubContext loading = bench.context(first.name().equals("context-0") ? 0 : 1);
    assertThat(loading.running().kind).isEqualTo(Kind.PREPARE);
    loading.running().end();
    bench.lease(cold).close();
  }

  @Test
  void impatientBorrowerTakesAContextThatOthersUse() {
    bench.open(2, 2);
    bench.warm(A, B);
    ContextLease held = bench.borrow(A);
    Waiter waiter = bench.ask(A);
    for (int i = 0; i < 250; i++) { // B's caller comes again and again
      bench.use(B);
      assertThat(bench.pool().reconsider(waiter)).isPositive();
      assertThat(waiter.isWaiting()).isTrue();
      bench.timer.turn(LONG.dividedBy(1_000));
    }

    assertThat(bench.context(1).loaded).containsExactly("b");
    bench.pool().reconsider(waiter);
    assertThat(bench.lease(waiter).name()).isEqualTo("context-1");
    bench.lease(waiter).close();
    held.close();
  }

  @Test
  void borrowTimeOutCarriesTheFiguresAndLosesNoContext() {
    bench.open(2, 2);
    try (ContextLease first = bench.borrow(A);
        ContextLease second = bench.borrow(A)) {
      Waiter waiter = bench.ask(A);
      bench.timer.turn(LONG);
      bench.pool().reconsider(waiter);

      assertThat(waiter.failure())
          .isInstanceOf(BorrowTimeoutException.class)
          .hasMessage(
              "No context was free for 'a' within 30s (total=2, starting=0, active=2, idle=0,"
                  + " pending=0; a: in 2 contexts, loading in 0, pending 0). Raise the number of"
                  + " contexts or the borrow time-out, or find the calls that hold them.");
    }
    assertThat(bench.figures()).isEqualTo("total=2, starting=0, active=0, idle=2, pending=0");
  }

  @Test
  void loadTimeOutCountsWhileTheFrameworkLoadsAndTheLoadGoesOn() {
    bench.open(1, 1);
    bench.context(0).hold(Kind.PREPARE);
    Waiter waiter = bench.ask(A);
    bench.timer.turn(LONG);
    bench.pool().reconsider(waiter);
    assertThat(waiter.isWaiting()).as("the borrow time-out does not count").isTrue();

    bench.timer.turn(LONG.multipliedBy(3));
    bench.pool().reconsider(waiter);
    assertThat(waiter.failure())
        .isInstanceOf(LoadTimeoutException.class)
        .hasMessageContaining("Framework 'a' was not loaded within 2m")
        .hasMessageContaining("a: in 0 contexts, loading in 1, pending 0")
        .hasMessageContaining("Loading goes on");
    assertThat(bench.context(0).running().interrupts).hasValue(0);

    bench.context(0).running().end();
    assertThat(bench.stats().with("a")).isOne();
    assertThat(bench.stats().idle()).isOne();
  }

  @Test
  void loadThatHangsIsStoppedAndItsContextServesOn() {
    bench.open(1, 1);
    StubContext context = bench.context(0).hold(Kind.PREPARE);
    context.obeys = true;
    Waiter waiter = bench.ask(A);
    bench.timer.turn(Duration.ofMinutes(8));

    assertThat(waiter.failure())
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("Framework 'a' had not loaded after PT8M and was stopped");
    assertThat(context.count(Kind.CHECK)).isOne();
    assertThat(bench.stats().idle()).isOne();
    context.release(Kind.PREPARE);
    bench.borrow(B).close();
  }

  @Test
  void loadThatHangsAndDoesNotStopIsSetAsideUntilItEnds() {
    bench.open(1, 1);
    StubContext context = bench.context(0).hold(Kind.PREPARE);
    Waiter waiter = bench.ask(A);
    bench.timer.turn(Duration.ofMinutes(8));
    bench.timer.turn(ContextRepair.GRACE);
    assertThat(bench.stats().suspect()).isOne();
    assertThat(bench.stats().total()).as("another takes its place").isEqualTo(2);

    context.running().end();
    assertThat(bench.stats().suspect()).isZero();
    bench.lease(waiter).close();
  }

  /** The load that served another first was begun for somebody, and there is one place less. */
  @Test
  void whomAnothersLoadWillServeWaitsForItAsForItsOwn() {
    bench.open(3, 3);
    bench.warm(A);
    ContextLease held = bench.borrow(A);
    bench.context(1).hold(Kind.PREPARE);
    bench.context(2).hold(Kind.PREPARE);
    Waiter first = bench.ask(A);
    Waiter second = bench.ask(A);
    Waiter third = bench.ask(A);
    held.close();
    ContextLease given = bench.lease(first);
    bench.timer.turn(LONG);
    bench.pool().reconsider(second);
    bench.pool().reconsider(third);
    assertThat(second.isWaiting()).isTrue();
    assertThat(third.isWaiting()).as("there are two loads, and two who wait").isTrue();

    Waiter fourth = bench.ask(A);
    bench.timer.turn(LONG);
    bench.pool().reconsider(fourth);
    assertThat(fourth.failure()).isInstanceOf(BorrowTimeoutException.class);
    bench.context(1).running().end();
    bench.context(2).running().end();
    given.close();
    bench.lease(second).close();
    bench.lease(third).close();
  }

  @Test
  void borrowTimeOutBeginsAnewWhenTheLoadHasEnded() {
    bench.open(1, 1);
    bench.context(0).hold(Kind.PREPARE);
    Waiter first = bench.ask(A);
    Waiter second = bench.ask(A);
    bench.timer.turn(LONG.multipliedBy(2));
    bench.context(0).running().end();
    bench.pool().reconsider(second);
    assertThat(second.isWaiting()).isTrue();

    bench.timer.turn(LONG);
    bench.pool().reconsider(second);
    assertThat(second.failure()).isInstanceOf(BorrowTimeoutException.class);
    bench.lease(first).close();
  }

  @Test
  void makingTheFirstContextCountsAgainstNobodysBorrowTimeOut() {
    bench.makers.hold();
    bench.setUp = context -> context.hold(Kind.PREPARE);
    bench.open(1, 1);
    Waiter first = bench.ask(A);
    Waiter other = bench.ask(B);
    bench.timer.turn(LONG.multipliedBy(2));
    bench.makers.runAll();
    bench.pool().reconsider(other);
    assertThat(other.isWaiting()).isTrue();

    bench.context(0).running().end();
    bench.lease(first).close();
    bench.context(0).running().end();
    bench.lease(other).close();
  }

  @Test
  void deadlineComesFirst() {
    bench.open(1, 1);
    try (ContextLease held = bench.borrow(A)) {
      Deadline deadline = Deadline.after(Duration.ofSeconds(2), bench.timer.nanoTime());
      Waiter waiter = bench.waiter(A, "count", Waiter.Kind.BORROWER, deadline);
      bench.pool().enqueue(waiter);
      assertThat(bench.pool().reconsider(waiter)).isEqualTo(2_000_000_000L);
      bench.timer.turn(Duration.ofSeconds(2));
      bench.pool().reconsider(waiter);

      assertThat(waiter.failure())
          .isInstanceOf(CallTimeoutException.class)
          .hasMessageContaining("2s passed while the call of 'a.count' waited")
          .hasMessageContaining("active=1")
          .hasMessageEndingWith("Give calls more time, or the pool more contexts.");
    }
  }

  @Test
  void deadlineThatPassesWhileContextsStartSaysSo() {
    bench.makers.hold();
    bench.open(1, 1);
    Deadline deadline = Deadline.after(Duration.ofMillis(1_500), bench.timer.nanoTime());
    Waiter waiter = bench.waiter(A, "count", Waiter.Kind.BORROWER, deadline);
    bench.pool().enqueue(waiter);
    bench.timer.turn(Duration.ofSeconds(2));
    bench.pool().reconsider(waiter);

    assertThat(waiter.failure())
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("The deadline of 1500ms passed while the call of 'a.count' waited")
        .hasMessageContaining("starting=1")
        .hasMessageEndingWith(
            "Contexts are still starting: wait for ready() or prewarm(...) before calls with a"
                + " short deadline.");
    bench.makers.runAll();
  }

  @Test
  void whoWithdrawsAfterTheHandOverGivesTheContextBack() {
    bench.open(1, 1);
    ContextLease held = bench.borrow(A);
    Waiter waiter = bench.ask(A);
    held.close();
    assertThat(waiter.isWaiting()).isFalse();
    bench.pool().withdraw(waiter);

    assertThat(bench.stats().idle()).isOne();
  }

  @Test
  void interruptionEndsTheWaitAndKeepsTheFlag() throws Exception {
    bench.openReal(settings(1, 1));
    Task.until("the context is there", () -> bench.stats().idle() == 1);
    try (ContextLease lease = bench.pool().borrow(A, "count", Deadline.none())) {
      Task<Boolean> waiter =
          Task.of(
              () -> {
                try (ContextLease mine = bench.pool().borrow(A, "count", Deadline.none())) {
                  return false;
                } catch (CallInterruptedException e) {
                  assertThat(e).hasMessageContaining("waiting for a free context");
                  assertThat(e).hasCauseInstanceOf(InterruptedException.class);
                  return Thread.currentThread().isInterrupted();
                }
              });
      Task.until("it waits", () -> bench.stats().pending() == 1);
      waiter.interrupt();

      assertThat(waiter.result()).isTrue();
      assertThat(bench.stats().pending()).isZero();
    }
    assertThat(bench.stats().idle()).isOne();
  }

  /** The hand-over and the time-out or an interruption hit each other in all orders. */
  @Test
  void handOverAtTheMomentOfGivingUpLosesNoContext() throws Exception {
    bench.openReal(settings(1, 1).withTimeouts(Duration.ofNanos(50_000), LONG, LONG));
    bench.pool().ready().join();
    ContextLease first = bench.pool().borrow(A, "count", Deadline.none());
    first.close();
    int timeOuts = 0;
    int handOvers = 0;
    int spins = 0;
    for (int round = 0; round < 500; round++) {
      ContextLease held = bench.pool().borrow(A, "count", Deadline.none());
      Task<Boolean> waiter =
          Task.of(
              () -> {
                try (ContextLease lease = bench.pool().borrow(A, "count", Deadline.none())) {
                  return true;
                } catch (BorrowTimeoutException | CallInterruptedException e) {
                  return false;
                }
              });
      Task.until("it waits", () -> bench.stats().pending() == 1 || waiter.isDone());
      for (int i = 0; i < spins; i++) {
        Thread.onSpinWait();
      }
      if (round % 4 == 0) {
        waiter.interrupt();
      }
      held.close();
      if (waiter.result()) {
        handOvers++;
        spins += 20;
      } else {
        timeOuts++;
        spins = Math.max(0, spins - 20);
      }
      assertThat(bench.figures()).isEqualTo("total=1, starting=0, active=0, idle=1, pending=0");
    }
    assertThat(timeOuts).as("given up").isPositive();
    assertThat(handOvers).as("hand-overs").isPositive();
  }

  @Test
  void timeOutTooLongForNanosecondsIsAsGoodAsForEver() {
    Duration ever = Duration.ofSeconds(Long.MAX_VALUE);
    bench.open(settings(1, 1).withTimeouts(ever, ever, Duration.ZERO));
    ContextLease held = bench.borrow(A);
    Waiter waiter = bench.ask(A);
    assertThat(bench.pool().reconsider(waiter)).isPositive();
    held.close();
    bench.lease(waiter).close();
  }
}
