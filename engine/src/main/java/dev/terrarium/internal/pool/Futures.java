package dev.terrarium.internal.pool;

import dev.terrarium.error.CallInterruptedException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waiting for what another thread does, on the caller's thread and in the caller's terms. */
final class Futures {

  private static final int MOST_FRAMES = 4_096;

  private Futures() {}

  /**
   * Waits until the future is done, however it ends.
   *
   * @param timeout how long at most; one beyond 292 years, where nanoseconds end, lasts as long
   * @param what names the work in the message of an interruption
   * @return whether it is done
   * @throws CallInterruptedException when the calling thread is interrupted, whose flag is set
   *     again
   */
  static boolean isDoneWithin(CompletableFuture<?> future, Duration timeout, String what) {
    try {
      future.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for " + what + ".", e);
    } catch (ExecutionException | java.util.concurrent.CancellationException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  /** What a future that is done failed with, a cancellation too; null for a result. */
  static @Nullable Throwable failureOf(CompletableFuture<?> done) {
    return done.<@Nullable Throwable>handle((value, failure) -> failure).join();
  }

  /** What to throw for a failed future. An {@link Error} is thrown at once. */
  static RuntimeException unchecked(@Nullable Throwable failure) {
    return switch (failure) {
      case CompletionException wrapper when wrapper.getCause() != null ->
          unchecked(wrapper.getCause());
      case Error error -> throw error;
      case RuntimeException runtime -> runtime;
      case null, default -> new IllegalStateException(failure);
    };
  }

  /** As {@link #addCaller}; of callers who share a failure, the first one's frames alone. */
  static synchronized void addFirstCaller(RuntimeException failure) {
    if (Arrays.stream(failure.getStackTrace())
        .noneMatch(frame -> frame.getClassName().equals(Futures.class.getName()))) {
      addCaller(failure);
    }
  }

  /** Adds the caller's frames to those of the thread that a call failed on. */
  static void addCaller(RuntimeException failure) {
    StackTraceElement[] there = failure.getStackTrace();
    if (there.length > MOST_FRAMES) { // one object that is thrown again and again
      return;
    }
    StackTraceElement[] here = new Throwable().getStackTrace();
    StackTraceElement[] all = new StackTraceElement[there.length + here.length];
    System.arraycopy(there, 0, all, 0, there.length);
    System.arraycopy(here, 0, all, there.length, here.length);
    failure.setStackTrace(all);
  }
}
