package dev.terrarium;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call on a virtual thread of its own; cancelling the future interrupts that thread. */
final class CallFuture<T extends @Nullable Object> extends CompletableFuture<T> {

  private final Thread caller;

  private CallFuture(Callable<T> call) {
    caller = Thread.ofVirtual().name("terrarium-call").unstarted(() -> run(call));
  }

  static <T extends @Nullable Object> CallFuture<T> start(Callable<T> call) {
    CallFuture<T> future = new CallFuture<>(call);
    future.caller.start();
    return future;
  }

  private void run(Callable<T> call) {
    try {
      complete(call.call());
    } catch (Throwable e) {
      completeExceptionally(e);
    }
  }

  /**
   * As specified, and {@code true} stops the Python code; {@code false} lets it end by itself and
   * only its result is lost.
   */
  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled && mayInterruptIfRunning) {
      caller.interrupt();
    }
    return cancelled;
  }

  /** Futures that are derived from this one are plain: cancelling them does not reach the call. */
  @Override
  public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
