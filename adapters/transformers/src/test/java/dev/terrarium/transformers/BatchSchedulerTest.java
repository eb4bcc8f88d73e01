package dev.terrarium.transformers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ModelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Batches of texts, whose length is their bucket; a computation returns them in capitals. */
@Timeout(60)
class BatchSchedulerTest {

  private static final Duration FOR_EVER = Duration.ofMinutes(1);

  private final List<List<String>> batches = Collections.synchronizedList(new ArrayList<>());
  private final LinkedBlockingQueue<List<String>> begun = new LinkedBlockingQueue<>();
  private final Semaphore permits = new Semaphore(0);
  private final CountDownLatch stopped = new CountDownLatch(1);

  private BatchScheduler<String, String> scheduler(int maxTexts, Duration delay) {
    return new BatchScheduler<>(
        "capitals",
        new Batching(maxTexts, delay),
        String::length,
        (batch, run) -> {
          batches.add(batch);
          begun.add(batch);
          run.stoppedBy(
              () -> {
                stopped.countDown();
                permits.release();
              });
          permits.acquireUninterruptibly();
          if (batch.contains("fail")) {
            throw new ModelException("no capitals of fail");
          }
          return batch.stream().map(text -> text.toUpperCase(Locale.ROOT)).toList();
        });
  }

  /** Submits texts, and returns when all of them are in the queue. */
  private static List<Future<List<String>>> submit(
      ExecutorService callers, BatchScheduler<String, String> scheduler, String... texts)
      throws InterruptedException {
    List<Future<List<String>>> results = new ArrayList<>();
    for (String text : texts) {
      int before = scheduler.waiting();
      results.add(callers.submit(() -> scheduler.computeAll(List.of(text))));
      while (scheduler.waiting() == before) {
        Thread.onSpinWait();
      }
    }
    return results;
  }

  @Test
  void aCallerWithManyTextsLetsOthersBetween() throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        BatchScheduler<String, String> scheduler = scheduler(2, Duration.ZERO)) {
      Future<List<String>> many =
          callers.submit(() -> scheduler.computeAll(Collections.nCopies(100, "many")));
      begun.take();
      Future<List<String>> one = submit(callers, scheduler, "x").getFirst();
      permits.release(200);

      assertThat(one.get()).containsExactly("X");
      assertThat(many.get()).hasSize(100).containsOnly("MANY");
      // The first 16 texts are 8 batches of two.
      assertThat(batches.indexOf(List.of("x"))).isEqualTo(8);
      assertThat(scheduler.waiting()).isZero();
    }
  }

  @Test
  void textsThatArriveWhileABatchIsComputedFormTheNextOnesByLength() throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        BatchScheduler<String, String> scheduler = scheduler(2, Duration.ZERO)) {
      Future<List<String>> first = callers.submit(() -> scheduler.computeAll(List.of("x")));
      begun.take();
      List<Future<List<String>>> rest = submit(callers, scheduler, "aa", "bbb", "cc", "dd", "eee");
      permits.release(10);

      assertThat(first.get()).containsExactly("X");
      assertThat(rest.get(1).get()).containsExactly("BBB");
      for (Future<List<String>> each : rest) {
        each.get();
      }
      assertThat(batches)
          .containsExactly(List.of("x"), List.of("aa", "cc"), List.of("bbb", "eee"), List.of("dd"));
    }
  }

  @Test
  void aDelayEndsWhenABatchIsFull() throws Exception {
    permits.release(10);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        BatchScheduler<String, String> scheduler = scheduler(2, FOR_EVER)) {
      Future<List<String>> first = submit(callers, scheduler, "aa").getFirst();
      assertThat(scheduler.computeAll(List.of("bb"))).containsExactly("BB");
      assertThat(first.get()).containsExactly("AA");
      assertThat(batches).containsExactly(List.of("aa", "bb"));
    }
  }

  @Test
  void aDelayEndsByItself() {
    permits.release(10);
    try (BatchScheduler<String, String> scheduler = scheduler(2, Duration.ofMillis(5))) {
      long begin = System.nanoTime();
      assertThat(scheduler.computeAll(List.of("aa"))).containsExactly("AA");
      assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(5_000_000);
    }
  }

  @Test
  void manyTextsOfOneCallerComeBackInTheirOrder() {
    permits.release(100);
    try (BatchScheduler<String, String> scheduler = scheduler(3, Duration.ZERO)) {
      assertThat(scheduler.computeAll(List.of("a", "bb", "c", "dd", "e", "f")))
          .containsExactly("A", "BB", "C", "DD", "E", "F");
      assertThat(batches)
          .containsExactly(List.of("a", "c", "e"), List.of("bb", "dd"), List.of("f"));
    }
  }

  @Test
  void onlyTheTextThatFailsFails() throws Exception {
    permits.release(100);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        BatchScheduler<String, String> scheduler = scheduler(2, FOR_EVER)) {
      Future<List<String>> good = submit(callers, scheduler, "good").getFirst();
      assertThatThrownBy(() -> scheduler.computeAll(List.of("fail")))
          .isInstanceOf(ModelException.class)
          .hasMessage("no capitals of fail");
      assertThat(good.get()).containsExactly("GOOD");
    }
  }

  @Test
  void aCallerThatIsInterruptedTakesItsTextsOutOfTheQueue() throws Exception {
    try (BatchScheduler<String, String> scheduler = scheduler(2, Duration.ZERO)) {
      CompletableFuture<Throwable> first = inThread(scheduler, "x").failure;
      begun.take();
      Caller waiting = inThread(scheduler, "yy");
      while (scheduler.waiting() == 0) {
        Thread.onSpinWait();
      }
      waiting.thread.interrupt();

      assertThat(waiting.failure.get()).isInstanceOf(CallInterruptedException.class);
      assertThat(scheduler.waiting()).isZero();
      assertThat(stopped.getCount()).isEqualTo(1);
      permits.release(1);
      assertThat(first.get()).hasMessage("none");
    }
  }

  @Test
  void aBatchIsStoppedWhenItsLastCallerHasGone() throws Exception {
    try (BatchScheduler<String, String> scheduler = scheduler(2, FOR_EVER)) {
      Caller one = inThread(scheduler, "x");
      while (scheduler.waiting() == 0) {
        Thread.onSpinWait();
      }
      Caller other = inThread(scheduler, "y");
      assertThat(begun.take()).containsExactly("x", "y");

      one.thread.interrupt();
      assertThat(one.failure.get()).isInstanceOf(CallInterruptedException.class);
      assertThat(stopped.getCount()).isEqualTo(1);

      other.thread.interrupt();
      assertThat(other.failure.get()).isInstanceOf(CallInterruptedException.class);
      assertThat(stopped.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void closingFailsWhatWaitsAndWhatComesLater() throws Exception {
    BatchScheduler<String, String> scheduler = scheduler(2, FOR_EVER);
    Caller waiting = inThread(scheduler, "x");
    while (scheduler.waiting() == 0) {
      Thread.onSpinWait();
    }
    scheduler.close();

    assertThat(waiting.failure.get()).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> scheduler.computeAll(List.of("y")))
        .isInstanceOf(ClosedException.class)
        .hasMessage("The model capitals is closed.");
  }

  private record Caller(Thread thread, CompletableFuture<Throwable> failure) {}

  private static Caller inThread(BatchScheduler<String, String> scheduler, String text) {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Thread thread =
        Thread.startVirtualThread(
            () -> {
              try {
                scheduler.computeAll(List.of(text));
                failure.complete(new IllegalStateException("none"));
              } catch (RuntimeException e) {
                failure.complete(e);
              }
            });
    return new Caller(thread, failure);
  }
}
