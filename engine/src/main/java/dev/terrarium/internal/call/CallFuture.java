package dev.terrarium.internal.call;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A call on a virtual thread of its own. A future that ends before its call does, however it ends,
 * interrupts that thread: nobody can get the call's result any more.
 */
final class CallFuture<T extends @Nullable Object> extends CompletableFuture<T> {

  private final Thread caller;

  /** Whether the call has ended, and its thread must not be interrupted. Guarded by this. */
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

  /** On the call's thread, which users' actions may follow on. */
  private synchronized void end() {
    over = true;
    Thread.interrupted();
  }

  private synchronized void stop() {
    if (!over) {
      caller.interrupt();
    }
  }

  /** Futures that are derived from this one are plain: how they end does not reach the call. */
  @Override
  public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
