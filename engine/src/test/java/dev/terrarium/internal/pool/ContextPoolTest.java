package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.alone;
import static dev.terrarium.internal.pool.PoolBench.framework;
import static dev.terrarium.internal.pool.PoolBench.restricted;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.UnknownCommandException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The pool on contexts without Python. Nothing here sleeps: the tests hold every gate. */
@SuppressWarnings("try") // a lease is held here, not used
class ContextPoolTest {

  private static final BridgeSource A = framework("a");
  private static final BridgeSource B = framework("b");
  private static final BridgeSource C = framework("c");

  @RegisterExtension final PoolBench bench = new PoolBench();

  private Stats.Pool stats() {
    return bench.pool().stats();
  }

  private static Deadline none() {
    return Deadline.none();
  }

  @Nested
  class Choice {

    @Test
    void contextThatIsReadyIsTakenFirst() {
      bench.open(3, 3);
      bench.warm(A, B);

      assertThat(bench.use(A)).isEqualTo("context-0");
      assertThat(bench.use(B)).isEqualTo("context-1");
      assertThat(bench.context(0).count(Kind.PREPARE)).isOne();
    }

    @Test
    void ofThoseThatAreReadyTheMostRecentlyUsedOne() {
      bench.open(3, 3);
      bench.warm(A, A);

      assertThat(bench.use(A)).isEqualTo("context-1");
    }

    @Test
    void bareContextLoadsBeforeANewOneIsMade() {
      bench.open(2, 3);
      bench.warm(A);

      assertThat(bench.use(B)).isEqualTo("context-1");
      assertThat(bench.made).hasSize(2);
    }

    @Test
    void newContextIsMadeBelowTheMaximumBeforeOthersAreUsed() {
      bench.open(1, 2);
      bench.warm(A);

      assertThat(bench.use(B)).isEqualTo("context-1");
      assertThat(bench.context(0).loaded).containsExactly("a");
    }

    @Test
    void atTheMaximumTheLeastRecentlyUsedLoadsOneMore() {
      bench.open(2, 2);
      bench.warm(A, B);
      bench.use(A);

      assertThat(bench.use(C)).isEqualTo("context-1");
      assertThat(bench.context(1).loaded).containsExactlyInAnyOrder("b", "c");
    }

    @Test
    void contextWhoseFrameworksOthersHaveTooIsPreferred() {
      bench.open(3, 3);
      bench.warm(B, A, A);

      assertThat(bench.use(C)).isEqualTo("context-1");
    }

    @Test
    void frameworkThatDoesNotShareIsAloneInItsContext() {
      bench.open(1, 1);
      bench.use(A);
      bench.use(alone("lonely"));
      assertThat(bench.context(0).loaded).containsExactly("lonely");

      bench.use(B);
      assertThat(bench.context(0).loaded).containsExactly("b");
      assertThat(stats().with("lonely")).isZero();
    }

    @Test
    void leastRecentlyUsedFrameworkGoesWhenTheHeapHasNoRoom() {
      bench.open(1, 1);
      bench.use(A);
      bench.use(B);
      bench.use(A);
      bench.room = false;
      bench.use(C);

      assertThat(bench.context(0).asked).contains("CLEAN_UP b");
      assertThat(bench.context(0).loaded).containsExactlyInAnyOrder("a", "c");
    }

    @Test
    void bridgeThatIsOnlyAttachedNeitherCountsAsLoadedNorGoesForRoom() {
      bench.open(1, 1);
      bench.lease(bench.ask(B, StubContext.QUICK)).close();
      assertThat(stats().loads()).isZero();
      bench.use(A);
      bench.room = false;
      bench.use(C);

      assertThat(bench.context(0).asked).contains("CLEAN_UP a").doesNotContain("CLEAN_UP b");
      assertThat(bench.context(0).loaded).containsExactly("c");
      assertThat(stats().loads()).isEqualTo(2);
    }

    @Test
    void attachingABridgeNeedsNoRoom() {
      bench.open(2, 2);
      bench.warm(A, B);
      bench.room = false;
      ContextLease held = bench.borrow(A);
      bench.lease(bench.ask(A, StubContext.QUICK)).close(); // in the other one
      held.close();

      assertThat(bench.made)
          .allSatisfy(context -> assertThat(context.count(Kind.CLEAN_UP)).isZero());
    }

    @Test
    void contextOfAnotherProfileIsReplacedAtTheMaximum() {
      bench.open(1, 1);
      bench.use(A);

      assertThat(bench.use(restricted("r"))).isEqualTo("context-1");
      assertThat(bench.context(0).parkings).hasValue(1);
      assertThat(bench.context(1).profile()).isEqualTo(AccessProfile.RESTRICTED);
    }

    @Test
    void contextOfAnotherProfileStaysBelowTheMaximum() {
      bench.open(1, 2);
      bench.use(restricted("r"));

      assertThat(bench.made).hasSize(2);
      assertThat(bench.context(0).parkings).hasValue(0);
    }

    @Test
    void patientBorrowerWaitsForTheContextThatHasItsFramework() {
      bench.open(2, 2);
      bench.warm(A, B);
      ContextLease held = bench.borrow(A);
      Waiter second = bench.ask(A);
      assertThat(second.isWaiting()).isTrue();
      assertThat(bench.context(1).loaded).containsExactly("b");

      held.close();
      assertThat(bench.lease(second).name()).isEqualTo("context-0");
      bench.lease(second).close();
    }

    @Test
    void quickCommandDoesNotWaitForTheContextThatHasItsFramework() {
      bench.open(2, 2);
      bench.warm(A, B);
      try (ContextLease held = bench.borrow(A);
          ContextLease quick = bench.lease(bench.ask(A, StubContext.QUICK))) {
        assertThat(quick.name()).isEqualTo("context-1");
        assertThat(bench.context(1).loaded).containsExactly("b");
      }
    }

    @Test
    void figuresListTheLeastRecentlyUsedFirst() {
      bench.open(3, 3);
      bench.warm(A, B, C);
      bench.use(A);

      assertThat(stats().contexts())
          .extracting(Stats.Context::name)
          .containsExactly("context-1", "context-2", "context-0");
    }
  }

  /** Two who call the same framework, one after another, as {@code callAll} does. */
  @Nested
  class StandingQueue {

    private static final Duration CALL = LONG.dividedBy(1_000);

    /** Has the load of a framework in the first context take some time. */
    private void load(BridgeSource framework, Duration time) {
      bench.context(0).hold(Kind.PREPARE);
      Waiter waiter = bench.ask(framework);
      bench.timer.turn(time);
      bench.context(0).running().end();
      bench.context(0).release(Kind.PREPARE);
      bench.lease(waiter).close();
    }

    /**
     * How many calls of two callers there are before a context has what it had not, 500 if none.
     */
    private int callsUntilLoaded(int context, Runnable between) {
      int calls = 0;
      ContextLease held = bench.borrow(A);
      while (calls < 500 && !bench.context(context).loaded.contains("a")) {
        Waiter waiter = bench.ask(A);
        bench.timer.turn(CALL);
        bench.pool().reconsider(waiter);
        between.run();
        held.close();
        held = bench.lease(waiter);
        calls++;
      }
      held.close();
      return calls;
    }

    private int callsUntilLoaded() {
      return callsUntilLoaded(1, () -> {});
    }

    private void open(BridgeSource other) {
      bench.open(2, 2);
      load(A, Duration.ofMinutes(1));
      bench.lease(bench.ask(other)).close();
      assertThat(bench.context(1).loaded).containsExactly(other.name());
    }

    @Test
    void isServedByAContextThatNobodyUsesLongBeforeAnybodyIsImpatient() {
      open(B);
      bench.timer.turn(LONG);

      assertThat(callsUntilLoaded()).isEqualTo(100);
      assertThat(bench.context(1).loaded).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void isServedSoonerTheLessALoadCosts() {
      bench.open(2, 2);
      load(A, CALL.multipliedBy(40));
      bench.lease(bench.ask(B)).close();
      bench.timer.turn(LONG);

      assertThat(callsUntilLoaded()).isEqualTo(40);
    }

    @Test
    void isWorthNoLoadBeforeItHasStoodAtAll() {
      bench.open(2, 2);
      bench.warm(A, B);
      bench.timer.turn(LONG);

      assertThat(callsUntilLoaded()).isEqualTo(10);
    }

    @Test
    void leavesAContextToThoseWhoUseIt() {
      open(B);

      assertThat(callsUntilLoaded(1, () -> bench.use(B))).isEqualTo(500);
      assertThat(bench.context(1).loaded).containsExactly("b");
    }

    @Test
    void isForgottenWhenItHasGone() {
      open(B);
      bench.timer.turn(LONG);
      for (int burst = 0; burst < 50; burst++) {
        ContextLease held = bench.borrow(A);
        Waiter waiter = bench.ask(A);
        bench.timer.turn(CALL.multipliedBy(20));
        bench.pool().reconsider(waiter);
        held.close();
        bench.lease(waiter).close();
        bench.timer.turn(CALL.multipliedBy(20));
      }

      assertThat(bench.context(1).loaded).containsExactly("b");
    }

    @Test
    void doesNotTakeTheContextOfAFrameworkThatIsAlone() {
      open(alone("lonely"));
      bench.timer.turn(LONG);

      assertThat(callsUntilLoaded()).isEqualTo(500);
    }

    @Test
    void dropsNothingWhenTheHeapHasNoRoom() {
      open(B);
      bench.timer.turn(LONG);
      bench.room = false;

      assertThat(callsUntilLoaded()).isEqualTo(500);
      assertThat(bench.context(1).asked).noneMatch(asked -> asked.startsWith("CLEAN_UP"));
    }

    @Test
    void oneWaiterWakesForIt() {
      open(B);
      bench.timer.turn(LONG);
      ContextLease held = bench.borrow(A);
      Waiter waiter = bench.ask(A);
      long nanos = bench.pool().reconsider(waiter);
      assertThat(nanos).isEqualTo(LONG.dividedBy(10).toNanos());

      bench.timer.turn(Duration.ofNanos(nanos));
      bench.pool().reconsider(waiter);
      assertThat(bench.lease(waiter).name()).isEqualTo("context-1");
      bench.lease(waiter).close();
      held.close();
    }

    @Test
    void takesOneContextAtATime() {
      bench.open(3, 3);
      load(A, Duration.ofMinutes(1));
      ContextLease keeping = bench.borrow(A);
      bench.warm(B, C);
      keeping.close();
      bench.timer.turn(LONG);
      int first = callsUntilLoaded(1, () -> {});

      assertThat(first).isEqualTo(100);
      assertThat(bench.context(2).loaded).containsExactly("c");
    }
  }

  @Nested
  class Waiting {

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
                "No context was free for 'a' within PT30S (total=2, starting=0, active=2, idle=0,"
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
          .hasMessageContaining("Framework 'a' was not loaded within PT2M")
          .hasMessageContaining("a: in 0 contexts, loading in 1, pending 0")
          .hasMessageContaining("Loading goes on");
      assertThat(bench.context(0).running().interrupts).hasValue(0);

      bench.context(0).running().end();
      assertThat(stats().with("a")).isOne();
      assertThat(stats().idle()).isOne();
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
      assertThat(context.count(Kind.HEAL)).isOne();
      assertThat(stats().idle()).isOne();
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
      assertThat(stats().suspect()).isOne();
      assertThat(stats().total()).as("another takes its place").isEqualTo(2);

      context.running().end();
      assertThat(stats().suspect()).isZero();
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
            .hasMessageContaining("PT2S passed while the call of 'a' waited")
            .hasMessageContaining("active=1");
      }
    }

    @Test
    void whoWithdrawsAfterTheHandOverGivesTheContextBack() {
      bench.open(1, 1);
      ContextLease held = bench.borrow(A);
      Waiter waiter = bench.ask(A);
      held.close();
      assertThat(waiter.isWaiting()).isFalse();
      bench.pool().withdraw(waiter);

      assertThat(stats().idle()).isOne();
    }

    @Test
    void interruptionEndsTheWaitAndKeepsTheFlag() throws Exception {
      bench.openReal(settings(1, 1));
      Task.until("the context is there", () -> stats().idle() == 1);
      try (ContextLease lease = bench.pool().borrow(A, "count", none())) {
        Task<Boolean> waiter =
            Task.of(
                () -> {
                  try (ContextLease mine = bench.pool().borrow(A, "count", none())) {
                    return false;
                  } catch (CallInterruptedException e) {
                    assertThat(e).hasMessageContaining("waiting for a free context");
                    assertThat(e).hasCauseInstanceOf(InterruptedException.class);
                    return Thread.currentThread().isInterrupted();
                  }
                });
        Task.until("it waits", () -> stats().pending() == 1);
        waiter.interrupt();

        assertThat(waiter.result()).isTrue();
        assertThat(stats().pending()).isZero();
      }
      assertThat(stats().idle()).isOne();
    }

    /** The hand-over and the time-out or an interruption hit each other in all orders. */
    @Test
    void handOverAtTheMomentOfGivingUpLosesNoContext() throws Exception {
      bench.openReal(settings(1, 1).withTimeouts(Duration.ofNanos(50_000), LONG, LONG));
      bench.pool().ready().join();
      ContextLease first = bench.pool().borrow(A, "count", none());
      first.close();
      int timeOuts = 0;
      int handOvers = 0;
      int spins = 0;
      for (int round = 0; round < 500; round++) {
        ContextLease held = bench.pool().borrow(A, "count", none());
        Task<Boolean> waiter =
            Task.of(
                () -> {
                  try (ContextLease lease = bench.pool().borrow(A, "count", none())) {
                    return true;
                  } catch (BorrowTimeoutException | CallInterruptedException e) {
                    return false;
                  }
                });
        Task.until("it waits", () -> stats().pending() == 1 || waiter.isDone());
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

  @Nested
  class Prewarming {

    @Test
    void hasContextsLoadAndGivesThemToBorrowers() {
      bench.open(1, 3);
      CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 2);

      assertThat(done).isCompleted();
      assertThat(stats().with("a")).isEqualTo(2);
      assertThat(bench.figures()).isEqualTo("total=2, starting=0, active=0, idle=2, pending=0");
    }

    @Test
    void isDoneWhenTheLoadsAreAndNotBefore() {
      bench.open(1, 1);
      bench.context(0).hold(Kind.PREPARE);
      Waiter borrower = bench.ask(A);
      CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 1);
      assertThat(done).isNotDone();

      bench.context(0).running().end();
      assertThat(done).isCompleted();
      bench.lease(borrower).close();
    }

    @Test
    void countsWhatOthersHaveLoadedMeanwhile() {
      bench.open(2, 2);
      ContextLease first = bench.borrow(B);
      ContextLease second = bench.borrow(B);
      Waiter borrower = bench.ask(A);
      CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 1);
      first.close();

      assertThat(done).isCompleted();
      bench.lease(borrower).close();
      second.close();
    }

    @Test
    void neverCountsAContextTwice() {
      bench.open(2, 2);
      bench.warm(A);
      try (ContextLease held = bench.borrow(B)) {
        CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 2);
        assertThat(done).isNotDone();
        held.close();
        assertThat(done).isCompleted();
      }
      assertThat(stats().with("a")).isEqualTo(2);
    }

    @Test
    void replacesContextsOfAnotherProfile() {
      bench.open(2, 2);
      assertThat(bench.pool().prewarm(restricted("r"), 2)).isCompleted();
      assertThat(stats().with("r")).isEqualTo(2);
    }

    @Test
    void failsWithTheLoadThatFailed() {
      bench.setUp =
          context -> context.failing(Kind.PREPARE, new FrameworkLoadException("no such module"));
      bench.open(1, 1);

      assertThat(bench.pool().prewarm(A, 1))
          .isCompletedExceptionally()
          .failsWithin(Duration.ZERO)
          .withThrowableThat()
          .withCauseInstanceOf(FrameworkLoadException.class);
    }

    @Test
    void failsWhenItsContextCannotBeMade() {
      bench.open(1, 2);
      bench.warm(A);
      bench.failure = new ModelException("no more");

      assertThat(bench.pool().prewarm(A, 2)).isCompletedExceptionally();
      assertThat(stats().pending()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0", "3"})
    void refusesNumbersThatCannotBe(int count) {
      bench.open(1, 2);
      assertThatThrownBy(() -> bench.pool().prewarm(A, count))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("1 to 2");
    }
  }

  @Nested
  class Making {

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
      assertThat(stats().idle()).isOne();
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
      assertThat(stats().idle()).isEqualTo(1);
    }

    @Test
    void whoseContextCannotBeMadeWaitsForAnotherOneNoLongerThanABorrower() throws Exception {
      Duration time = Duration.ofMillis(100);
      bench.openReal(settings(1, 2).withTimeouts(time, Duration.ofHours(1), Duration.ZERO));
      bench.pool().ready().join(); // else the first borrower has a second one made
      CountDownLatch failing = new CountDownLatch(1);
      try (ContextLease held = bench.pool().borrow(A, "count", none())) {
        bench.setUp =
            context -> {
              Task.await(failing);
              throw new ModelException("no more");
            };
        Task<ContextLease> borrower = Task.of(() -> bench.pool().borrow(A, "count", none()));
        Task.until("one is made for it", () -> stats().starting() == 1);
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
                      Task.<@Nullable Object>of(() -> bench.pool().run(PoolBench.count(A, none()))))
              .toList();
      Task.until("both wait", () -> bench.pool().stats().pending() == 2);
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
          .hasMessageContaining("The first context was not ready within PT2M");
      bench.makers.runAll();
      assertThat(bench.use(A)).isEqualTo("context-0");
    }

    @Test
    void oneReadyContextServesWhileOthersAreBeingMade() {
      bench.makers.hold();
      bench.open(3, 3);
      bench.makers.runNext();

      assertThat(bench.use(A)).isEqualTo("context-0");
      assertThat(stats().starting()).isEqualTo(2);
      bench.makers.runAll();
      assertThat(stats().idle()).isEqualTo(3);
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

      bench.timer.turn(ContextPool.RETRY_AFTER);
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
      assertThat(context.count(Kind.HEAL)).isOne();
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

  @Nested
  class GivingUp {

    @Test
    void workThatStopsInTimeReturnsItsContextAfterACheck() {
      bench.open(1, 1);
      StubExecution<?> work = bench.runAway(A);
      assertThat(work.interrupts).hasValue(1);
      work.stop();

      assertThat(bench.context(0).count(Kind.HEAL)).isOne();
      assertThat(stats().idle()).isOne();
      bench.timer.turn(LONG);
      assertThat(stats().idle()).isOne();
    }

    @Test
    void workThatDoesNotStopIsReplacedUntilItDoes() {
      bench.open(1, 1);
      StubExecution<?> work = bench.runAway(A);
      Waiter waiter = bench.ask(A);
      assertThat(waiter.isWaiting()).isTrue();
      bench.timer.turn(ContextRepair.GRACE);

      assertThat(stats().suspect()).isOne();
      assertThat(bench.lease(waiter).name()).isEqualTo("context-1");
      bench.lease(waiter).close();
      work.stop();
      assertThat(bench.context(0).parkings).as("the pool has enough").hasValue(1);
      assertThat(bench.figures()).isEqualTo("total=1, starting=0, active=0, idle=1, pending=0");
    }

    @Test
    void replacementsEndAtTwiceTheMaximum() {
      bench.open(1, 1);
      List<StubExecution<?>> works = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        works.add(bench.runAway(A));
        bench.timer.turn(ContextRepair.GRACE);
      }
      Waiter waiter = bench.ask(A);
      assertThat(bench.made).hasSize(2);
      assertThat(waiter.isWaiting()).isTrue();

      works.getLast().stop();
      bench.lease(waiter).close();
      works.getFirst().stop();
      assertThat(stats().total()).isOne();
    }

    @Test
    void workThatNeverStopsIsToldAndMayComeBackYet() {
      bench.open(0, 1);
      StubExecution<?> work = bench.runAway(A);
      bench.timer.turn(ContextRepair.GRACE.plus(ContextRepair.ABANDON_AFTER));

      assertThat(stats().abandoned()).isOne();
      assertThat(bench.log())
          .containsExactly(
              "terrarium.pool WARNING What runs in context-0 has not stopped for PT1M; its thread"
                  + " is counted as lost.");
      work.stop();
      assertThat(bench.context(0).count(Kind.HEAL)).isOne();
      assertThat(stats().idle()).isOne();
      assertThat(bench.use(A)).isEqualTo("context-0");
    }

    @Test
    void checkThatDoesNotEndIsStoppedAndItsContextReplaced() {
      bench.open(1, 1);
      bench.context(0).hold(Kind.HEAL);
      bench.runAway(A).stop();
      bench.timer.turn(ContextRepair.CHECK_LIMIT);

      assertThat(bench.context(0).running().interrupts).hasValue(1);
      assertThat(bench.made).hasSize(2);
      bench.context(0).running().end();
      assertThat(stats().total()).isOne();
    }
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        Arguments.of(null, ""),
        Arguments.of(new ArgumentException("wrong"), ""),
        Arguments.of(new ConversionException("x", "wrong"), ""),
        Arguments.of(new UnknownCommandException("a", "x", List.of()), ""),
        Arguments.of(new PythonException("ValueError", "", List.of(), null), "HEAL"),
        Arguments.of(new CancellationException("stopped"), "HEAL"),
        Arguments.of(new IllegalStateException("odd"), "HEAL"),
        Arguments.of(new StackOverflowError(), "HEAL"),
        Arguments.of(new OutOfMemoryError("heap"), "RESET"),
        Arguments.of(new PythonException("MemoryError", "", List.of(), null), "RESET"),
        Arguments.of(
            new PythonException(PythonException.INTERNAL, "", List.of(), null), "retired"));
  }

  @Nested
  class Mending {

    @ParameterizedTest
    @MethodSource("dev.terrarium.internal.pool.ContextPoolTest#faults")
    void whatBecomesOfAContextFollowsFromItsFault(@Nullable Throwable fault, String expected) {
      bench.open(1, 1);
      StubContext context = bench.context(0);
      Waiter waiter = bench.ask(A);
      context.asked.clear();
      bench.pool().release(bench.pooled(waiter), fault);

      String happened = context.retirements.get() > 0 ? "retired" : String.join(",", context.asked);
      assertThat(happened).isEqualTo(expected);
      assertThat(stats().idle()).as("as many as before").isOne();
      assertThat(stats().recycled()).isEqualTo(expected.equals("RESET") ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({"SOUND,0,0", "RESTORED,1,0", "BROKEN,0,1"})
    void whatACheckFindsIsCounted(HealthStatus found, int restored, int retired) {
      bench.open(1, 1);
      bench.context(0).condition = found;
      bench.runAway(A).stop();

      assertThat(stats().restored()).isEqualTo(restored);
      assertThat(stats().retired()).isEqualTo(retired);
      assertThat(bench.made).hasSize(1 + retired);
      assertThat(bench.log()).hasSize(retired);
      assertThat(stats().idle()).isOne();
    }

    @Test
    void checkThatFailsMeansBroken() {
      bench.open(1, 1);
      bench.context(0).failing(Kind.HEAL, new IllegalStateException("no check"));
      bench.runAway(A).stop();

      assertThat(bench.context(0).retirements).hasValue(1);
    }

    @Test
    void resetThatHadToBeStoppedIsDoneAgain() {
      bench.open(settings(1, 1).withRecycling(1, Duration.ZERO));
      StubContext context = bench.context(0).hold(Kind.RESET);
      bench.use(A);
      context.running().stop();
      context.running().end();

      assertThat(context.count(Kind.RESET)).isEqualTo(2);
      assertThat(context.count(Kind.HEAL)).isZero();
      assertThat(context.loaded).isEmpty();
      context.release(Kind.RESET);
      bench.use(alone("lonely"));
      assertThat(bench.pool().stats().retired()).isZero();
    }

    @Test
    void nobodyGetsAContextThatIsBeingChecked() {
      bench.open(1, 1);
      bench.context(0).hold(Kind.HEAL);
      bench.runAway(A).stop();
      Waiter waiter = bench.ask(A);
      assertThat(waiter.isWaiting()).isTrue();
      assertThat(stats().suspect()).isOne();

      bench.context(0).running().end();
      bench.lease(waiter).close();
    }

    @Test
    void soundContextIsCheckedAfterSoManyCalls() {
      bench.open(settings(1, 1).withCheckEvery(3));
      for (int i = 0; i < 7; i++) {
        bench.use(A);
      }

      assertThat(bench.context(0).count(Kind.HEAL)).isEqualTo(2);
    }

    @Test
    void contextIsRecycledAfterSoManyCallsOrATenthLess() {
      bench.open(settings(1, 1).withRecycling(100, Duration.ZERO));
      for (int i = 0; i < 89; i++) {
        bench.use(A);
      }
      assertThat(bench.context(0).count(Kind.RESET)).isZero();
      for (int i = 89; i < 100; i++) {
        bench.use(A);
      }
      assertThat(bench.context(0).count(Kind.RESET)).isOne();
      assertThat(stats().recycled()).isOne();
    }

    @Test
    void contextIsRecycledAtAnAgeOrATenthEarlier() {
      bench.open(settings(1, 1).withRecycling(0, Duration.ofMinutes(100)));
      bench.timer.turn(Duration.ofMinutes(89));
      bench.use(A);
      assertThat(stats().recycled()).isZero();
      bench.timer.turn(Duration.ofMinutes(11));
      bench.use(A);

      assertThat(stats().recycled()).isOne();
      assertThat(stats().with("a")).isZero();
      assertThat(bench.pool().stats().contexts().getFirst().state()).isEqualTo(ContextState.FRESH);
    }

    @Test
    void ageBeyondNanosecondsIsNever() {
      bench.open(settings(1, 1).withRecycling(0, Duration.ofSeconds(Long.MAX_VALUE)));
      bench.use(A);

      assertThat(stats().idle()).isEqualTo(1);
    }

    @Test
    void contextsDifferInWhenTheyAreRecycled() {
      PoolSettings settings = settings(1, 1).withRecycling(100, Duration.ZERO);
      assertThat(callsUntilRecycling(settings, 0)).isEqualTo(100);
      assertThat(callsUntilRecycling(settings, 0.5)).isEqualTo(95);
      assertThat(callsUntilRecycling(settings, 1)).isEqualTo(90);
    }

    private static long callsUntilRecycling(PoolSettings settings, double random) {
      PooledContext context =
          new PooledContext(new StubContext("context", PoolBench.PROFILE), 0, random);
      while (!context.isRecyclingDue(settings, 0)) {
        context.called();
      }
      return context.calls();
    }
  }

  @Nested
  class Leaks {

    @Test
    void leaseHeldTooLongIsReportedOnce() {
      bench.open(settings(2, 2).withLeakThreshold(Duration.ofSeconds(10)));
      ContextLease early = bench.borrow(A);
      bench.timer.turn(Duration.ofSeconds(5));
      ContextLease late = bench.borrow(A);
      assertThat(bench.timer.armed()).as("timers").isOne();
      bench.timer.turn(Duration.ofSeconds(5));
      assertThat(bench.log())
          .containsExactly(
              "terrarium.pool WARNING context-0 has been on lease to thread '"
                  + Thread.currentThread().getName()
                  + "' for 'a' for more than PT10S; a deadline would end such a call.");
      assertThat(bench.thrown()).singleElement().extracting("message").isEqualTo("borrowed here");

      late.close();
      bench.timer.turn(LONG);
      assertThat(bench.log()).hasSize(1);
      assertThat(bench.timer.armed()).isZero();
      early.close();
    }

    @Test
    void nobodyIsReportedWhenThereIsNoThreshold() {
      bench.open(settings(1, 1).withLeakThreshold(Duration.ZERO));
      try (ContextLease held = bench.borrow(A)) {
        bench.timer.turn(Duration.ofDays(1));
      }
      assertThat(bench.log()).isEmpty();
    }
  }

  @Nested
  class Within {

    private Waiter askWithin(BridgeSource framework) {
      Waiter waiter = bench.waiter(framework, "count", Waiter.Kind.NESTED, none());
      bench.pool().enqueue(waiter);
      return waiter;
    }

    @Test
    void takesAnotherContextThatIsFree() {
      bench.open(2, 2);
      bench.warm(A, B);
      try (ContextLease outer = bench.borrow(A);
          ContextLease inner = bench.lease(askWithin(C))) {
        assertThat(inner.name()).isEqualTo("context-1");
      }
    }

    @Test
    void hasAContextMade() {
      bench.open(1, 2);
      try (ContextLease outer = bench.borrow(A);
          ContextLease inner = bench.lease(askWithin(B))) {
        assertThat(inner.name()).isEqualTo("context-1");
      }
    }

    @Test
    void getsTheContextThatIsMadeForItBeforeThoseWhoWait() {
      bench.open(1, 2);
      bench.makers.hold();
      try (ContextLease outer = bench.borrow(A)) {
        Waiter inner = askWithin(B);
        Waiter other = bench.ask(C);
        bench.makers.runAll();
        assertThat(other.isWaiting()).isTrue();
        bench.lease(inner).close();
        bench.lease(other).close();
      }
    }

    @Test
    void doesNotWaitForOthers() {
      bench.open(1, 1);
      try (ContextLease outer = bench.borrow(A)) {
        assertThatThrownBy(() -> askWithin(B))
            .isInstanceOf(NestedCallException.class)
            .hasMessageContaining("A call of 'b' from within a call needs another context")
            .hasMessageContaining("total=1, starting=0, active=1, idle=0, pending=0")
            .hasMessageContaining("Raise the number of contexts");
      }
      assertThat(stats().pendingByFramework()).isEmpty();
    }
  }

  @Nested
  class Closing {

    @Test
    void closedPoolRefusesBorrowersAndPrewarming() {
      ContextPool pool = bench.open(2, 2);
      pool.close();
      pool.close();

      assertThatThrownBy(() -> pool.borrow(A, "count", none()))
          .isInstanceOf(ClosedException.class)
          .hasMessageContaining("start another one");
      assertThatThrownBy(() -> pool.prewarm(A, 1)).isInstanceOf(ClosedException.class);
      assertThatThrownBy(pool::ready).isInstanceOf(ClosedException.class);
      assertThatThrownBy(pool::measure).isInstanceOf(ClosedException.class);
      assertThat(bench.made).allSatisfy(context -> assertThat(context.parkings).hasValue(1));
      assertThat(bench.figures()).isEqualTo("total=0, starting=0, active=0, idle=0, pending=0");
    }

    private Task<@Nullable Void> closing() {
      Task<@Nullable Void> closer = Task.running(bench.pool()::close);
      Task.until("closed", bench.pool()::isClosed);
      return closer;
    }

    private ContextPool patient(int min, int max) {
      return bench.open(settings(min, max).withTimeouts(LONG, LONG, LONG));
    }

    @Test
    void waitersAreRefusedAndRunningCallsAreWaitedFor() throws Exception {
      patient(1, 1);
      ContextLease lease = bench.borrow(A);
      Waiter waiter = bench.ask(A);
      Task<@Nullable Void> closer = closing();

      assertThat(waiter.failure()).isInstanceOf(ClosedException.class);
      closer.untilItWaits();
      assertThat(closer.isDone()).isFalse();
      assertThat(bench.context(0).parkings).hasValue(0);
      lease.close();
      closer.result();
      assertThat(bench.context(0).parkings).hasValue(1);
    }

    @Test
    void closeWaitsUntilContextsAreParked() throws Exception {
      patient(1, 1);
      bench.context(0).parking = new CompletableFuture<>();
      Task<@Nullable Void> closer = closing();
      closer.untilItWaits();
      assertThat(closer.isDone()).isFalse();
      bench.context(0).parking.complete(null);
      closer.result();
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void contextsThatAreBeingMadeAreWaitedFor(boolean fails) throws Exception {
      bench.makers.hold();
      ContextPool pool = patient(2, 2);
      Waiter early = bench.ask(A);
      CompletableFuture<@Nullable Void> ready = pool.ready();
      Task<@Nullable Void> closer = closing();
      assertThat(early.failure()).isInstanceOf(ClosedException.class);
      bench.failure = fails ? new ModelException("too late") : null;
      bench.makers.runAll();
      closer.result();

      assertThat(bench.made).allSatisfy(context -> assertThat(context.parkings).hasValue(1));
      assertThat(stats().total()).isZero();
      assertThat(ready).isCompletedExceptionally();
    }

    @Test
    void interruptedCloseStopsWhatRunsAndThenReportsIt() throws Exception {
      patient(2, 2);
      StubContext calling = bench.stub(startCall());
      bench.context(1).hold(Kind.PREPARE);
      bench.ask(B);
      Task<Boolean> closer =
          Task.of(
              () -> {
                assertThatThrownBy(bench.pool()::close)
                    .isInstanceOf(CallInterruptedException.class);
                return Thread.currentThread().isInterrupted();
              });
      Task.until("closed", bench.pool()::isClosed);
      closer.interrupt();

      assertThat(closer.result()).as("still interrupted").isTrue();
      assertThat(calling.running().interrupts).hasValue(1);
      assertThat(bench.context(1).running().interrupts).hasValue(1);
      calling.running().stop();
      bench.context(1).running().stop();
      assertThat(stats().total()).isZero();
    }

    /** A borrower whose call has begun and does not end by itself. */
    private Waiter startCall() {
      Waiter waiter = bench.waiter(A, "count", Waiter.Kind.BORROWER, none());
      PoolCall<@Nullable Object> call = PoolBench.count(A, none());
      call.propagate();
      waiter.call = call;
      bench.made.forEach(context -> context.hold(Kind.CALL));
      bench.pool().enqueue(waiter);
      return waiter;
    }

    @Test
    void workWithoutContextIsWaitedForAndNoneBeginsMeanwhile() throws Exception {
      ContextPool pool = patient(1, 1);
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      Task<String> work =
          Task.of(
              () ->
                  pool.withoutContext(
                      () -> {
                        inside.countDown();
                        Task.await(goOn);
                        return "done";
                      }));
      Task.await(inside);
      Task<@Nullable Void> closer = closing();
      closer.untilItWaits();

      assertThat(closer.isDone()).isFalse();
      assertThatThrownBy(() -> pool.withoutContext(() -> "late"))
          .isInstanceOf(ClosedException.class);
      goOn.countDown();
      assertThat(work.result()).isEqualTo("done");
      closer.result();
    }

    @Test
    void workWithoutContextThatOutlastsTheDrainingIsStopped() throws Exception {
      ContextPool pool = bench.open(1, 1);
      CountDownLatch inside = new CountDownLatch(1);
      Task<Boolean> caller =
          Task.of(
              () -> {
                assertThatThrownBy(
                        () ->
                            pool.withoutContext(
                                () -> {
                                  inside.countDown();
                                  Task.await(new CountDownLatch(1));
                                  return "never";
                                }))
                    .isInstanceOf(CallInterruptedException.class)
                    .hasMessageContaining("Terrarium was closed");
                return Thread.currentThread().isInterrupted();
              });
      Task.await(inside);
      pool.close();

      assertThat(caller.result()).as("interrupted still").isFalse();
      assertThat(bench.log()).isEmpty();
    }

    @Test
    void workWithoutContextThatDoesNotStopIsTold() throws Exception {
      ContextPool pool = bench.open(1, 1);
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      Task<String> work =
          Task.of(
              () ->
                  pool.withoutContext(
                      () -> {
                        inside.countDown();
                        while (goOn.getCount() > 0) {
                          Thread.onSpinWait();
                        }
                        return "done";
                      }));
      Task.await(inside);
      pool.close();

      assertThat(bench.log())
          .singleElement()
          .asString()
          .startsWith("terrarium.pool WARNING Calls still ran PT0S after close(), and have not");
      goOn.countDown();
      assertThat(work.result()).isEqualTo("done");
    }

    @Test
    void closingFromWorkWithoutContextIsRefused() {
      ContextPool pool = patient(1, 1);
      assertThatThrownBy(
              () ->
                  pool.withoutContext(
                      () -> {
                        pool.close();
                        return "closed";
                      }))
          .isInstanceOf(NestedCallException.class);
      assertThat(pool.withoutContext(() -> "open")).isEqualTo("open");
    }

    @Test
    void loadIsWaitedFor() throws Exception {
      patient(1, 1);
      bench.context(0).hold(Kind.PREPARE);
      Waiter waiter = bench.ask(A);
      Task<@Nullable Void> closer = closing();
      assertThat(waiter.failure()).isInstanceOf(ClosedException.class);
      bench.context(0).running().end();
      closer.result();
      assertThat(bench.context(0).parkings).hasValue(1);
    }

    @Test
    void checkIsWaitedFor() throws Exception {
      patient(1, 1);
      bench.context(0).hold(Kind.HEAL);
      bench.runAway(A).stop();
      Task<@Nullable Void> closer = closing();
      bench.context(0).running().end();
      closer.result();
      assertThat(bench.context(0).parkings).hasValue(1);
    }

    @Test
    void brokenContextIsNotReplaced() throws Exception {
      patient(1, 1);
      bench.context(0).condition = HealthStatus.BROKEN;
      bench.context(0).hold(Kind.HEAL);
      bench.runAway(A).stop();
      Task<@Nullable Void> closer = closing();
      bench.context(0).running().end();
      closer.result();
      assertThat(bench.made).hasSize(1);
      assertThat(bench.context(0).retirements).hasValue(1);
    }

    @Test
    void callsThatOutlastTheDrainingAreStopped() {
      bench.setUp = context -> context.obeys = true;
      ContextPool pool = bench.open(1, 1);
      ContextLease lease = bench.borrow(A);
      StubContext context = bench.context(0).hold(Kind.CALL);
      Task<@Nullable Void> caller =
          Task.running(
              () -> {
                Object unused = lease.run(PoolBench.count(A, none()));
              });
      Task.until("the call began", () -> !context.open().isEmpty());
      caller.untilItWaits();
      pool.close();

      Task.until("the caller was told", caller::isDone);
      assertThat(context.parkings).hasValue(1);
      assertThat(context.count(Kind.HEAL)).isOne();
    }

    @ParameterizedTest
    @CsvSource({"CALL", "PREPARE"})
    void checkOfWhatClosingStoppedIsNotStopped(Kind kind) {
      ContextPool pool = bench.open(1, 1);
      StubContext context = bench.context(0).hold(kind, Kind.HEAL);
      if (kind == Kind.CALL) {
        StubExecution<?> call = bench.runAway(A);
        pool.close();
        call.stop();
      } else {
        Waiter unused = bench.ask(A);
        pool.close();
        context.running().stop();
      }

      assertThat(context.running().interrupts).hasValue(0);
      context.running().end();
      assertThat(context.parkings).hasValue(1);
      assertThat(context.retirements).hasValue(0);
    }

    @Test
    void callsThatDoNotStopAreParkedWhenTheyEnd() {
      ContextPool pool = bench.open(1, 1);
      StubExecution<?> work = bench.runAway(A);
      bench.timer.turn(ContextRepair.GRACE);
      pool.close();

      assertThat(bench.log())
          .singleElement()
          .asString()
          .startsWith("terrarium.pool WARNING Calls still ran PT0S after close(), and have not")
          .endsWith("Their contexts are parked when they do.");
      assertThat(work.interrupts).hasValue(2);
      assertThat(bench.context(0).parkings).hasValue(0);
      work.stop();
      assertThat(bench.context(0).parkings).hasValue(1);
    }

    @Test
    void interruptedCloseLeavesTheParkingToTheLastLease() throws Exception {
      ContextPool pool = patient(1, 1);
      ContextLease lease = bench.borrow(A);
      Task<@Nullable Void> closer = closing();
      closer.interrupt();

      assertThat(closer.failure()).isInstanceOf(CallInterruptedException.class);
      lease.close();
      assertThat(bench.context(0).parkings).hasValue(1);
      pool.close();
    }

    @Test
    void whoWithdrawsAfterTheCloseHasItsContextParked() throws Exception {
      patient(1, 1);
      Waiter waiter = bench.ask(A);
      Task<@Nullable Void> closer = closing();
      bench.pool().withdraw(waiter);
      closer.result();
      assertThat(bench.context(0).parkings).hasValue(1);
    }

    /** Callers and closers meet in all orders: each caller gets a context or a refusal. */
    @Test
    void callersAndClosersMeet() throws Exception {
      for (int round = 0; round < 200; round++) {
        bench.made.clear();
        ContextPool pool = bench.openReal(settings(2, 2).withTimeouts(LONG, LONG, LONG));
        CyclicBarrier start = new CyclicBarrier(4);
        List<Task<@Nullable Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          tasks.add(
              Task.of(
                  () -> {
                    start.await();
                    callUntilClosed(pool);
                    pool.close();
                    return null;
                  }));
        }
        start.await();
        pool.close();
        for (Task<?> task : tasks) {
          task.result();
        }
        assertThat(pool.stats().contexts()).isEmpty();
        assertThat(bench.made)
            .hasSize(2)
            .allSatisfy(context -> assertThat(context.parkings).hasValue(1));
      }
    }

    private static void callUntilClosed(ContextPool pool) {
      for (int call = 0; call < 5; call++) {
        try {
          assertThat(pool.run(PoolBench.count(A, none()))).isEqualTo("answer");
        } catch (ClosedException e) {
          return;
        }
      }
    }
  }
}
