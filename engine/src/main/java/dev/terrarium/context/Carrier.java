package dev.terrarium.context;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The one thread on which a context lives from its creation on. It has a big stack (importing a
 * large framework overflows 1 MiB) and is a daemon. The carrier of a context that used native
 * extensions must never end (docs/decisions/002). Thread-safe.
 */
final class Carrier {

  static final long STACK_BYTES = 64L << 20;

  private final ThreadPoolExecutor thread;

  Carrier(String name) {
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread carrier = new Thread(null, work, name, STACK_BYTES, false);
              carrier.setDaemon(true);
              return carrier;
            });
  }

  /**
   * Runs the work after what was submitted before; the future holds its result or what it threw.
   */
  <T> CompletableFuture<T> submit(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    thread.execute(
        () -> {
          try {
            result.complete(work.call());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  /** Ends the thread after the work submitted before; nothing may be submitted any more. */
  void end() {
    thread.shutdown();
  }
}
