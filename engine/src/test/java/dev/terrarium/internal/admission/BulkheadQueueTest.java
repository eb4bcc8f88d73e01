package dev.terrarium.internal.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.internal.pool.Deadline;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BulkheadQueueTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  private static BulkheadQueue places(int concurrency, int queue, Duration maxWait) {
    return new BulkheadQueue("words", Bulkhead.of(concurrency).withQueue(queue, maxWait));
  }

  private static Task<?> enter(BulkheadQueue places) {
    int before = places.queued();
    Task<?> caller = Task.running(() -> places.enter(Deadline.none()));
    Task.until("it is in the queue", () -> places.queued() > before);
    return caller;
  }

  @Test
  void callsBeyondTheConcurrencyWait() throws Exception {
    BulkheadQueue places = places(2, 5, LONG);
    places.enter(Deadline.none());
    places.enter(Deadline.none());
    Task<?> third = enter(places);

    assertThat(places.running()).isEqualTo(2);
    assertThat(places.queued()).isEqualTo(1);
    places.leave();
    third.result();

    assertThat(places.running()).isEqualTo(2);
    assertThat(places.queued()).isZero();
    places.leave();
    places.leave();
    assertThat(places.running()).isZero();
  }

  @Test
  void callIsRefusedWithTheFiguresWhenTheQueueIsFull() throws Exception {
    BulkheadQueue places = places(1, 1, LONG);
    places.enter(Deadline.none());
    Task<?> second = enter(places);

    assertThatThrownBy(() -> places.enter(Deadline.none()))
        .isInstanceOf(OverloadException.class)
        .hasMessage(
            "Framework 'words' has as many calls as it may: running=1 of 1, queued=1 of 1,"
                + " waited PT0S of PT30S. Call it later, or raise its bulkhead's limits.");
    places.leave();
    second.result();
  }

  @Test
  void queueWithoutPlacesRefusesAtOnce() {
    BulkheadQueue places = places(1, 0, LONG);
    places.enter(Deadline.none());

    assertThatThrownBy(() -> places.enter(Deadline.none()))
        .isInstanceOf(OverloadException.class)
        .hasMessageContaining("queued=0 of 0");
  }

  @Test
  void waitInTheQueueEnds() {
    BulkheadQueue places = places(1, 5, Duration.ofMillis(20));
    places.enter(Deadline.none());

    assertThatThrownBy(() -> places.enter(Deadline.none()))
        .isInstanceOf(OverloadException.class)
        .hasMessageContaining("queued=0 of 5")
        .hasMessageMatching(".*waited PT0\\.0[2-9]\\d*S of PT0\\.02S.*");
    assertThat(places.queued()).isZero();
    places.leave();
    places.enter(Deadline.none());
  }

  @Test
  void deadlineThatComesFirstIsTheReason() {
    BulkheadQueue places = places(1, 5, LONG);
    places.enter(Deadline.none());

    assertThatThrownBy(() -> places.enter(Deadline.after(Duration.ofMillis(20))))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("deadline of 20ms")
        .hasMessageContaining("running=1 of 1");
    assertThat(places.queued()).isZero();
  }

  @Test
  void firstComeIsFirstServed() throws Exception {
    BulkheadQueue places = places(1, 10, LONG);
    places.enter(Deadline.none());
    List<Integer> order = new CopyOnWriteArrayList<>();
    List<Task<?>> callers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int number = i;
      callers.add(
          Task.running(
              () -> {
                places.enter(Deadline.none());
                order.add(number);
                places.leave();
              }));
      Task.until("it is in the queue", () -> places.queued() == number + 1);
    }

    places.leave();
    for (Task<?> caller : callers) {
      caller.result();
    }

    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(places.running()).isZero();
  }

  @Test
  void interruptedCallerLeavesTheQueue() throws Exception {
    BulkheadQueue places = places(1, 5, LONG);
    places.enter(Deadline.none());
    Task<Boolean> second =
        Task.of(
            () -> {
              assertThatThrownBy(() -> places.enter(Deadline.none()))
                  .isInstanceOf(CallInterruptedException.class);
              return Thread.currentThread().isInterrupted();
            });
    Task.until("it is in the queue", () -> places.queued() == 1);
    Task<?> third = enter(places);

    second.interrupt();

    assertThat(second.result()).isTrue();
    assertThat(places.queued()).isEqualTo(1);
    places.leave();
    third.result();
  }

  @Test
  void interruptedCallerIsNotAdmittedAndBlocksNobody() throws Exception {
    BulkheadQueue places = places(1, 5, LONG);
    Task<Boolean> interrupted =
        Task.of(
            () -> {
              Thread.currentThread().interrupt();
              assertThatThrownBy(() -> places.enter(Deadline.none()))
                  .isInstanceOf(CallInterruptedException.class);
              return Thread.currentThread().isInterrupted();
            });

    assertThat(interrupted.result()).isTrue();
    assertThat(places.running()).isZero();
    places.enter(Deadline.none());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void neverMoreThanItsPlacesOnPlatformAndOnVirtualThreads(boolean virtual) throws Exception {
    BulkheadQueue places = places(3, 1_000, LONG);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger done = new AtomicInteger();
    List<Future<?>> callers = new ArrayList<>();
    try (ExecutorService threads =
        virtual ? Executors.newVirtualThreadPerTaskExecutor() : Executors.newFixedThreadPool(16)) {
      for (int i = 0; i < 500; i++) {
        callers.add(
            threads.submit(
                () -> {
                  places.enter(Deadline.none());
                  most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                  Thread.onSpinWait();
                  inside.decrementAndGet();
                  places.leave();
                  done.incrementAndGet();
                }));
      }
      for (Future<?> caller : callers) {
        caller.get(30, TimeUnit.SECONDS);
      }
    }

    assertThat(done).hasValue(500);
    assertThat(most.get()).isBetween(1, 3);
    assertThat(places.running()).isZero();
    assertThat(places.queued()).isZero();
  }
}
