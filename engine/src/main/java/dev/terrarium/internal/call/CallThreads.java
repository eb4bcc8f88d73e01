package dev.terrarium.internal.call;

import dev.terrarium.ContextPropagation;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.internal.pool.Deadline;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way of a call's code to a thread of its own, with the class loader of the calling thread and
 * what a {@link ContextPropagation} carries. Thread-safe.
 */
final class CallThreads {

  private final ContextPropagation propagation;

  CallThreads(ContextPropagation propagation) {
    this.propagation = propagation;
  }

  /** Starts work on a virtual thread, with the propagated values of the calling thread. */
  <T extends @Nullable Object> CallFuture<T> start(Callable<T> work) {
    return CallFuture.start(propagated(work));
  }

  /**
   * Returns the work with the propagated values of the calling thread, to be run on another thread.
   */
  <T extends @Nullable Object> Callable<T> propagated(Callable<T> work) {
    ClassLoader callers = Thread.currentThread().getContextClassLoader();
    CompletableFuture<T> answer = new CompletableFuture<>();
    Runnable propagated =
        propagation.wrap(
            () -> {
              try {
                answer.complete(work.call());
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              }
            });
    return () -> {
      Thread.currentThread().setContextClassLoader(callers);
      propagated.run();
      if (!answer.isDone()) {
        throw new IllegalStateException("The context propagation did not run the call.");
      }
      return resultOf(answer);
    };
  }

  private static <T extends @Nullable Object> T resultOf(CompletableFuture<T> done)
      throws Exception {
    try {
      return done.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw e;
      }
    }
  }

  /**
   * Runs work on this thread or, with a deadline, on a virtual thread that is interrupted when the
   * deadline passes.
   */
  <T> T within(Deadline deadline, Supplier<T> work) {
    if (deadline == Deadline.none()) {
      return work.get();
    }
    CallFuture<T> answer = start(work::get);
    try {
      return answer.get(deadline.left(System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new CallTimeoutException(
          "The call did not end within its deadline of " + deadline + ", and is being stopped.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for the call.", e);
    } catch (ExecutionException e) {
      throw unchecked(e);
    } finally {
      answer.cancel(true);
    }
  }

  /** Returns the exception that failed; throws it if it is an error. */
  static RuntimeException unchecked(ExecutionException e) {
    return switch (e.getCause()) {
      case RuntimeException failure -> failure;
      case Error error -> throw error;
      case null, default -> new IllegalStateException(e);
    };
  }
}
