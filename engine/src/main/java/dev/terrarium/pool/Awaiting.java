package dev.terrarium.pool;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.TerrariumException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waiting for what another thread does, on the caller's thread and in the caller's terms. */
final class Awaiting {

  private Awaiting() {}

  /**
   * The future's result, waiting as long as it takes.
   *
   * @param what names the work in the message of an interruption
   */
  static <T extends @Nullable Object> T await(CompletableFuture<T> future, String what) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw interrupted(what, e);
    } catch (ExecutionException e) {
      throw unchecked(e.getCause());
    }
  }

  /**
   * The future's result, or the exception given when it is not there in time. A time-out beyond 292
   * years, where nanoseconds end, lasts as long.
   */
  static <T extends @Nullable Object> T await(
      CompletableFuture<T> future,
      Duration timeout,
      String what,
      Supplier<TerrariumException> onTimeout) {
    try {
      return future.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw interrupted(what, e);
    } catch (ExecutionException e) {
      throw unchecked(e.getCause());
    } catch (TimeoutException e) {
      throw onTimeout.get();
    }
  }

  private static CallInterruptedException interrupted(String what, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new CallInterruptedException("Interrupted while waiting for " + what + ".", e);
  }

  private static RuntimeException unchecked(@Nullable Throwable cause) {
    return switch (cause) {
      case Error error -> throw error;
      case RuntimeException failure -> failure;
      case null, default -> new IllegalStateException(cause);
    };
  }

  /** Adds the caller's frames to those of the thread that a call failed on. */
  static void addCaller(RuntimeException failure) {
    StackTraceElement[] there = failure.getStackTrace();
    StackTraceElement[] here = new Throwable().getStackTrace();
    StackTraceElement[] all = new StackTraceElement[there.length + here.length];
    System.arraycopy(there, 0, all, 0, there.length);
    System.arraycopy(here, 0, all, there.length, here.length);
    failure.setStackTrace(all);
  }
}
