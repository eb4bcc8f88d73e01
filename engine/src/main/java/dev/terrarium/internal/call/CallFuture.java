package dev.terrarium.internal.call;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The future of a call on a virtual thread of its own. A future that is completed before its call
 * has ended, in whatever way, interrupts that thread: nobody can get the call's result any more.
 */
final class CallFuture<T extends @Nullable Object> extends CompletableFuture<T> {

  private final Thread caller;

  /**
   * Whether the call has ended, so that its thread must not be interrupted. Guarded by {@code
   * this}.
   */
  private boolean over;

  private CallFuture(Callable<T> call) {
    caller = Thread.ofVirtual().name("terrarium-call").unstarted(() -> run(call));
  }

  static <T extends @Nullable Object> CallFuture<T> start(Callable<T> call) {
    CallFuture<T> future = new CallFuture<>(call);
    CompletableFuture<T> unused = future.whenComplete((result, failure) -> future.stop());
    future.caller.start();
    return future;
  }

  private void run(Callable<T> call) {
    T result;
    try {
      result = call.call();
    } catch (Throwable e) {
      end();
      completeExceptionally(e);
      return;
    }
    end();
    complete(result);
  }

  /** Marks the end of the call, on whose thread users' dependent actions may run next. */
  private synchronized void end() {
    over = true;
    Thread.interrupted();
  }

  private synchronized void stop() {
    if (!over) {
      caller.interrupt();
    }
  }

  /**
   * Returns a plain future: completing a future that is derived from this one does not reach the
   * call.
   */
  @Override
  public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
