package dev.terrarium.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.context.ContextFactory;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.ModelException;
import dev.terrarium.testing.AtRest;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The pool on contexts without Python. Nothing here sleeps: the tests hold every gate. */
@SuppressWarnings("try") // a lease is held here, not used
class ContextPoolTest {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration AT_ONCE = Duration.ZERO;

  @RegisterExtension final AtRest atRest = new AtRest();

  private final LogRecords log = LogRecords.of("terrarium.pool");

  @AfterEach
  void stopCollecting() {
    log.close();
  }

  /** Contexts made so far, in the order in which they were. */
  private final List<StubContext> contexts = new CopyOnWriteArrayList<>();

  private StubContext make() {
    synchronized (contexts) {
      StubContext context = new StubContext("context-" + contexts.size());
      contexts.add(context);
      return context;
    }
  }

  private ContextPool pool(ContextFactory factory, int size) {
    return atRest.watch(new ContextPool(factory, size, LONG, LONG));
  }

  /** A pool whose contexts are all made. */
  private ContextPool ready(int size) {
    ContextPool pool = pool(profile -> make(), size);
    Task.until("all contexts are idle", () -> pool.stats().idle() == size);
    return pool;
  }

  private static void awaitPending(ContextPool pool, int count) {
    Task.until(count + " pending", () -> pool.stats().pending() == count);
  }

  private static ContextFactory failing(RuntimeException failure) {
    return profile -> {
      throw failure;
    };
  }

  @Nested
  class Choice {

    @Test
    void prefersAContextWithTheFrameworkLoaded() {
      ContextPool pool = ready(3);
      contexts.get(1).loaded.add("wordcount");

      try (ContextLease lease = pool.borrow("wordcount")) {
        assertThat(lease.context()).isEqualTo(contexts.get(1).name());
      }
    }

    @Test
    void takesTheLeastRecentlyUsedWhenNoneHasTheFramework() {
      ContextPool pool = ready(3);
      List<String> order = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        try (ContextLease lease = pool.borrow("wordcount")) {
          order.add(lease.context());
        }
      }

      try (ContextLease lease = pool.borrow("wordcount")) {
        assertThat(lease.context()).isEqualTo(order.getFirst());
      }
      assertThat(order).doesNotHaveDuplicates();
    }

    @Test
    void takesAnyFreeContextBeforeWaitingForOneThatHasTheFramework() {
      ContextPool pool = ready(2);
      contexts.get(0).loaded.add("wordcount");

      try (ContextLease first = pool.borrow("wordcount");
          ContextLease second = pool.borrow("wordcount", AT_ONCE)) {
        assertThat(first.context()).isEqualTo(contexts.get(0).name());
        assertThat(second.context()).isEqualTo(contexts.get(1).name());
      }
    }
  }

  @Nested
  class Waiting {

    @Test
    void waitersAreServedInTheOrderInWhichTheyCame() throws Exception {
      ContextPool pool = ready(1);
      List<Integer> served = new CopyOnWriteArrayList<>();
      List<Task<@Nullable Void>> waiters = new ArrayList<>();
      try (ContextLease lease = pool.borrow("any")) {
        for (int i = 0; i < 5; i++) {
          int number = i;
          waiters.add(
              Task.running(
                  () -> {
                    try (ContextLease mine = pool.borrow("any")) {
                      served.add(number);
                    }
                  }));
          awaitPending(pool, i + 1);
        }
        assertThat(served).isEmpty();
      }
      for (Task<?> waiter : waiters) {
        waiter.result();
      }

      assertThat(served).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void timeOutCarriesTheFiguresAndLosesNoContext() {
      ContextPool pool = ready(2);
      try (ContextLease first = pool.borrow("any");
          ContextLease second = pool.borrow("any")) {
        assertThatThrownBy(() -> pool.borrow("any", AT_ONCE))
            .isInstanceOf(BorrowTimeoutException.class)
            .hasMessageContaining("PT0S")
            .hasMessageContaining("total=2, starting=0, active=2, idle=0")
            .hasMessageContaining("Raise the number of contexts or the borrow time-out");
      }

      assertThat(pool.stats()).isEqualTo(new PoolStats(2, 0, 0, 2, 0));
    }

    @Test
    void theConfiguredTimeOutIsTheDefaultOne() {
      ContextPool pool =
          atRest.watch(new ContextPool(profile -> none(), 1, Duration.ofNanos(7), LONG));
      Task.until("the context is idle", () -> pool.stats().idle() == 1);
      try (ContextLease lease = pool.borrow("any")) {
        assertThatThrownBy(() -> pool.borrow("any"))
            .isInstanceOf(BorrowTimeoutException.class)
            .hasMessageContaining("PT0.000000007S");
      }
    }

    private StubContext none() {
      return new StubContext("context");
    }

    /**
     * The hand-over and the time-out hit each other in all orders; no order may lose a context.
     * Each round aims a little earlier or later than the one before, so that they keep meeting.
     */
    @Test
    void handOverAtTheMomentOfTheTimeOutLosesNoContext() throws Exception {
      ContextPool pool = ready(1);
      int timeOuts = 0;
      int handOvers = 0;
      int spins = 0;
      for (int round = 0; round < 2_000; round++) {
        ContextLease held = pool.borrow("any");
        Task<Boolean> waiter =
            Task.of(
                () -> {
                  try (ContextLease lease = pool.borrow("any", Duration.ofNanos(50_000))) {
                    return true;
                  } catch (BorrowTimeoutException e) {
                    return false;
                  }
                });
        Task.until("it waits", () -> pool.stats().pending() == 1 || waiter.isDone());
        for (int i = 0; i < spins; i++) {
          Thread.onSpinWait();
        }
        held.close();
        if (waiter.result()) {
          handOvers++;
          spins += 20;
        } else {
          timeOuts++;
          spins = Math.max(0, spins - 20);
        }
        assertThat(pool.stats()).isEqualTo(new PoolStats(1, 0, 0, 1, 0));
      }

      assertThat(timeOuts).as("time-outs").isPositive();
      assertThat(handOvers).as("hand-overs").isPositive();
    }

    @Test
    void timeOutTooLongForNanosecondsIsAsGoodAsForEver() throws Exception {
      ContextPool pool = ready(1);
      Task<String> waiter;
      try (ContextLease lease = pool.borrow("any")) {
        waiter =
            Task.of(
                () -> {
                  try (ContextLease mine = pool.borrow("any", Duration.ofSeconds(Long.MAX_VALUE))) {
                    return mine.context();
                  }
                });
        Task.until("it waits or failed", () -> pool.stats().pending() == 1 || waiter.isDone());
      }

      assertThat(waiter.result()).isEqualTo(contexts.getFirst().name());
    }

    @Test
    void interruptionEndsTheWaitAndKeepsTheFlag() throws Exception {
      ContextPool pool = ready(1);
      AtomicInteger flagged = new AtomicInteger();
      try (ContextLease lease = pool.borrow("any")) {
        Task<@Nullable Void> waiter =
            Task.running(
                () -> {
                  try (ContextLease mine = pool.borrow("any")) {
                    throw new AssertionError("borrowed " + mine.context());
                  } finally {
                    flagged.set(Thread.currentThread().isInterrupted() ? 1 : -1);
                  }
                });
        awaitPending(pool, 1);
        waiter.interrupt();

        assertThat(waiter.failure())
            .isInstanceOf(CallInterruptedException.class)
            .hasMessageContaining("waiting for a free context")
            .hasCauseInstanceOf(InterruptedException.class);
        assertThat(flagged).hasValue(1);
        assertThat(pool.stats().pending()).isZero();
      }

      assertThat(pool.stats().idle()).isEqualTo(1);
    }

    @Test
    void interruptionAtTheMomentOfTheHandOverLosesNoContext() throws Exception {
      ContextPool pool = ready(1);
      for (int round = 0; round < 1_000; round++) {
        Task<@Nullable Void> waiter;
        try (ContextLease held = pool.borrow("any")) {
          waiter =
              Task.running(
                  () -> {
                    try (ContextLease lease = pool.borrow("any")) {
                      assertThat(lease.context()).isNotEmpty();
                    } catch (CallInterruptedException e) {
                      assertThat(Thread.currentThread().isInterrupted()).isTrue();
                    }
                  });
          awaitPending(pool, 1);
          if (round % 2 == 0) {
            waiter.interrupt();
          }
        }
        waiter.interrupt();
        waiter.result();
        assertThat(pool.stats()).isEqualTo(new PoolStats(1, 0, 0, 1, 0));
      }
    }
  }

  @Nested
  class Starting {

    @Test
    void firstCallDoesNotCountTheStartAgainstTheBorrowTimeOut() throws Exception {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      ContextPool pool =
          atRest.watch(
              new ContextPool(
                  profile -> {
                    gate.join();
                    return make();
                  },
                  1,
                  Duration.ofNanos(1),
                  LONG));
      Task<String> caller =
          Task.of(
              () -> {
                try (ContextLease lease = pool.borrow("any")) {
                  return lease.context();
                }
              });
      caller.untilItWaits();
      assertThat(caller.isDone()).isFalse();
      assertThat(pool.stats()).isEqualTo(new PoolStats(1, 1, 0, 0, 0));
      gate.complete(null);

      assertThat(caller.result()).isEqualTo("context-0");
    }

    @Test
    void firstContextThatTakesTooLongIsALoadTimeOut() {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      ContextPool pool =
          atRest.watch(
              new ContextPool(
                  profile -> {
                    gate.join();
                    return make();
                  },
                  1,
                  LONG,
                  Duration.ofNanos(5)));

      assertThatThrownBy(() -> pool.borrow("any"))
          .isInstanceOf(LoadTimeoutException.class)
          .hasMessageContaining("first context")
          .hasMessageContaining("PT0.000000005S");

      gate.complete(null);
      Task.until("the context is there after all", () -> pool.stats().idle() == 1);
      pool.borrow("any").close();
    }

    @Test
    void oneReadyContextServesWhileOthersAreBeingMade() {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      AtomicInteger number = new AtomicInteger();
      ContextPool pool =
          pool(
              profile -> {
                if (number.getAndIncrement() > 0) {
                  gate.join();
                }
                return make();
              },
              3);
      try (ContextLease lease = pool.borrow("any")) {
        assertThat(pool.stats()).isEqualTo(new PoolStats(3, 2, 1, 0, 0));
      }
      gate.complete(null);
      Task.until("all are there", () -> pool.stats().idle() == 3);
    }

    @Test
    void aContextThatCannotBeMadeLeavesTheOthers() {
      AtomicInteger number = new AtomicInteger();
      ContextPool pool =
          pool(
              profile -> {
                if (number.getAndIncrement() == 1) {
                  throw new ModelException("no more");
                }
                return make();
              },
              3);
      Task.until("two are there", () -> pool.stats().idle() == 2);

      Task.until("it is told", () -> pool.stats().total() == 2 && !log.lines().isEmpty());
      assertThat(pool.stats()).isEqualTo(new PoolStats(2, 0, 0, 2, 0));
      assertThat(log.lines())
          .containsExactly(
              "terrarium.pool WARNING A context could not be made; the pool goes on without it");
      pool.borrow("any").close();
    }

    @Test
    void whenNoneCanBeMadeEveryBorrowerIsToldWhy() throws Exception {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      ContextPool pool =
          pool(
              profile -> {
                gate.join();
                throw new ModelException("no context today");
              },
              2);
      Task<ContextLease> early = Task.of(() -> pool.borrow("any"));
      early.untilItWaits();
      gate.complete(null);

      assertThat(early.failure()).isInstanceOf(ModelException.class).hasMessage("no context today");
      assertThatThrownBy(() -> pool.borrow("any"))
          .isInstanceOf(ModelException.class)
          .hasMessage("no context today");
      assertThat(pool.stats()).isEqualTo(new PoolStats(0, 0, 0, 0, 0));
    }

    @Test
    void anErrorWhileMakingAContextIsToldToo() {
      ContextPool pool =
          pool(
              profile -> {
                throw new NoClassDefFoundError("some/Library");
              },
              1);

      assertThatThrownBy(() -> pool.borrow("any"))
          .hasMessageContaining("some/Library")
          .hasCauseInstanceOf(NoClassDefFoundError.class);
    }
  }

  @Nested
  class Closing {

    @Test
    void closedPoolRefusesBorrowers() {
      ContextPool pool = ready(2);
      pool.close();

      assertThatThrownBy(() -> pool.borrow("any"))
          .isInstanceOf(ClosedException.class)
          .hasMessageContaining("start another one");
      assertThat(contexts).allSatisfy(context -> assertThat(context.parkings).hasValue(1));
      assertThat(pool.stats()).isEqualTo(new PoolStats(0, 0, 0, 0, 0));
    }

    @Test
    void waitersAreRefusedAndRunningCallsAreWaitedFor() throws Exception {
      ContextPool pool = ready(1);
      ContextLease lease = pool.borrow("any");
      Task<ContextLease> waiter = Task.of(() -> pool.borrow("any"));
      awaitPending(pool, 1);
      Task<@Nullable Void> closer = Task.running(pool::close);

      assertThat(waiter.failure()).isInstanceOf(ClosedException.class);
      closer.untilItWaits();
      assertThat(closer.isDone()).isFalse();
      assertThat(contexts.getFirst().parkings).hasValue(0);

      lease.close();
      closer.result();
      assertThat(contexts.getFirst().parkings).hasValue(1);
    }

    @Test
    void closeWaitsUntilContextsAreParked() throws Exception {
      ContextPool pool = ready(1);
      contexts.getFirst().parking = new CompletableFuture<>();
      Task<@Nullable Void> closer = Task.running(pool::close);
      Task.until("parking began", () -> contexts.getFirst().parkings.get() == 1);

      closer.untilItWaits();
      assertThat(closer.isDone()).isFalse();
      contexts.getFirst().parking.complete(null);
      closer.result();
    }

    @Test
    void contextsThatAreBeingMadeAreParkedWhenTheyAreThere() throws Exception {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      ContextPool pool =
          pool(
              profile -> {
                gate.join();
                return make();
              },
              2);
      Task<ContextLease> early = Task.of(() -> pool.borrow("any"));
      Task<@Nullable Void> closer = Task.running(pool::close);

      assertThat(early.failure()).isInstanceOf(ClosedException.class);
      closer.untilItWaits();
      assertThat(closer.isDone()).isFalse();
      gate.complete(null);
      closer.result();

      assertThat(contexts)
          .hasSize(2)
          .allSatisfy(context -> assertThat(context.parkings).hasValue(1));
      assertThat(pool.stats().total()).isZero();
    }

    @Test
    void contextsThatFailWhileThePoolClosesDoNotHoldItUp() throws Exception {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      ContextPool pool =
          pool(
              profile -> {
                gate.join();
                throw new ModelException("too late");
              },
              2);
      Task<@Nullable Void> closer = Task.running(pool::close);
      Task.until("closed", () -> refuses(pool));
      gate.complete(null);

      closer.result();
    }

    private boolean refuses(ContextPool pool) {
      try {
        pool.borrow("any", AT_ONCE).close();
        return false;
      } catch (BorrowTimeoutException e) {
        return false;
      } catch (ClosedException e) {
        return true;
      }
    }

    @Test
    void closingAPoolWithoutContextsEnds() {
      ContextPool pool = pool(failing(new ModelException("none")), 2);
      Task.until("both failed", () -> pool.stats().total() == 0);

      pool.close();
    }

    @Test
    void closingTwiceAndFromSeveralThreadsParksEachContextOnce() throws Exception {
      for (int round = 0; round < 200; round++) {
        contexts.clear();
        ContextPool pool = pool(profile -> makeOne(), 3);
        CyclicBarrier start = new CyclicBarrier(4);
        List<Task<@Nullable Void>> closers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          closers.add(
              Task.of(
                  () -> {
                    start.await();
                    pool.close();
                    return null;
                  }));
        }
        for (Task<?> closer : closers) {
          closer.result();
        }
        pool.close();

        assertThat(contexts)
            .hasSize(3)
            .allSatisfy(context -> assertThat(context.parkings).hasValue(1));
      }
    }

    private StubContext makeOne() {
      return make();
    }

    @Test
    void callsThatOutlastTheCloseAreParkedWhenTheyEnd() {
      ContextPool pool =
          atRest.watch(new ContextPool(profile -> make(), 1, LONG, Duration.ofMillis(1)));
      Task.until("the context is idle", () -> pool.stats().idle() == 1);
      ContextLease lease = pool.borrow("any");

      pool.close();
      assertThat(contexts.getFirst().parkings).hasValue(0);
      assertThat(log.lines())
          .containsExactly(
              "terrarium.pool WARNING Calls still ran PT0.001S after close(). Their contexts are"
                  + " parked when they end.");

      lease.close();
      assertThat(contexts.getFirst().parkings).hasValue(1);
    }

    @Test
    void interruptedCloseLeavesTheParkingToTheLastLease() throws Exception {
      ContextPool pool = ready(1);
      ContextLease lease = pool.borrow("any");
      Task<@Nullable Void> closer = Task.running(pool::close);
      Task.until("closed", () -> refuses(pool));
      closer.interrupt();

      assertThat(closer.failure()).isInstanceOf(CallInterruptedException.class);
      lease.close();
      assertThat(contexts.getFirst().parkings).hasValue(1);
      pool.close();
    }

    /** Callers and a closer meet in all orders: each caller gets a context or a refusal. */
    @Test
    void callersAndACloserMeet() throws Exception {
      for (int round = 0; round < 200; round++) {
        contexts.clear();
        ContextPool pool = pool(profile -> makeOne(), 2);
        CyclicBarrier start = new CyclicBarrier(5);
        List<Task<@Nullable Void>> tasks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          tasks.add(
              Task.of(
                  () -> {
                    start.await();
                    for (int call = 0; call < 5; call++) {
                      try (ContextLease lease = pool.borrow("any")) {
                        assertThat(lease.context()).isNotEmpty();
                      } catch (ClosedException e) {
                        return null;
                      }
                    }
                    return null;
                  }));
        }
        start.await();
        pool.close();
        for (Task<?> task : tasks) {
          task.result();
        }

        assertThat(pool.stats()).isEqualTo(new PoolStats(0, 0, 0, 0, 0));
        assertThat(contexts)
            .hasSize(2)
            .allSatisfy(context -> assertThat(context.parkings).hasValue(1));
      }
    }
  }
}
