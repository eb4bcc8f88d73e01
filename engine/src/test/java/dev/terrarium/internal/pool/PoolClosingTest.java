package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.B;
import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.testing.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a pool closes, with and without calls under way. */
class PoolClosingTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  @Test
  void closedPoolRefusesBorrowersAndPrewarming() {
    ContextPool pool = bench.open(2, 2);
    pool.close();
    pool.close();

    assertThatThrownBy(() -> pool.borrow(A, "count", Deadline.none()))
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
    assertThat(bench.stats().total()).isZero();
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
              assertThatThrownBy(bench.pool()::close).isInstanceOf(CallInterruptedException.class);
              return Thread.currentThread().isInterrupted();
            });
    Task.until("closed", bench.pool()::isClosed);
    closer.interrupt();

    assertThat(closer.result()).as("still interrupted").isTrue();
    assertThat(calling.running().interrupts).hasValue(1);
    assertThat(bench.context(1).running().interrupts).hasValue(1);
    calling.running().stop();
    bench.context(1).running().stop();
    assertThat(bench.stats().total()).isZero();
  }

  /** A borrower whose call has begun and does not end by itself. */
  private Waiter startCall() {
    Waiter waiter = bench.waiter(A, "count", Waiter.Kind.BORROWER, Deadline.none());
    PoolCall<@Nullable Object> call = PoolBench.count(A, Deadline.none());
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
    assertThatThrownBy(() -> pool.withoutContext(() -> "late")).isInstanceOf(ClosedException.class);
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
    bench.context(0).hold(Kind.CHECK);
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
    bench.context(0).hold(Kind.CHECK);
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
              Object unused = lease.run(PoolBench.count(A, Deadline.none()));
            });
    Task.until("the call began", () -> !context.open().isEmpty());
    caller.untilItWaits();
    pool.close();

    Task.until("the caller was told", caller::isDone);
    assertThat(context.parkings).hasValue(1);
    assertThat(context.count(Kind.CHECK)).isOne();
  }

  @ParameterizedTest
  @CsvSource({"CALL", "PREPARE"})
  void checkOfWhatClosingStoppedIsNotStopped(Kind kind) {
    ContextPool pool = bench.open(1, 1);
    StubContext context = bench.context(0).hold(kind, Kind.CHECK);
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
        assertThat(pool.run(PoolBench.count(A, Deadline.none()))).isEqualTo("answer");
      } catch (ClosedException e) {
        return;
      }
    }
  }
}
