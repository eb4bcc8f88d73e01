package dev.terrarium.testing;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Work on a thread of its own, under the test's control. No wait of a test lasts for ever. */
public final class Task<T extends @Nullable Object> {

  /** Far more than anything here takes; only a test that fails waits as long. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final Duration BETWEEN_LOOKS = Duration.ofNanos(100_000);

  private static final Set<Thread.State> WAITING =
      EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);

  private final FutureTask<T> work;
  private final Thread thread;

  private Task(Callable<T> callable) {
    work = new FutureTask<>(callable);
    thread = Thread.ofPlatform().daemon().name("test-task").start(work);
  }

  public static <T extends @Nullable Object> Task<T> of(Callable<T> work) {
    return new Task<>(work);
  }

  public static Task<@Nullable Void> running(Runnable work) {
    return new Task<>(
        () -> {
          work.run();
          return null;
        });
  }

  public void interrupt() {
    thread.interrupt();
  }

  public boolean isDone() {
    return work.isDone();
  }

  /** Returns when the work waits for something, or is done. */
  public void untilItWaits() {
    until("the task waits", () -> isDone() || WAITING.contains(thread.getState()));
  }

  /** The result, once it is there. */
  public T result() throws Exception {
    return result(PATIENCE);
  }

  /** The result of long work. */
  public T result(Duration patience) throws Exception {
    return work.get(patience.toSeconds(), TimeUnit.SECONDS);
  }

  /** What the work threw. */
  public Throwable failure() throws InterruptedException, TimeoutException {
    try {
      T result = work.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      throw new AssertionError("expected a failure, got " + result);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      return cause == null ? e : cause;
    }
  }

  /** Returns when the latch is open. */
  public static void await(CountDownLatch latch) {
    try {
      if (!latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("the latch was not opened within " + PATIENCE);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns when the condition holds, which another thread is about to bring about. */
  public static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + PATIENCE + ": " + what);
      }
      LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
    }
  }
}
