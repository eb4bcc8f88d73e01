package dev.terrarium.internal.context;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The one thread on which a context lives from its creation on. The thread has a big stack
 * (importing a large framework overflows 1 MiB), is a daemon, and ends only on request: a thread
 * that used native extensions must not end (docs/decisions/002). Thread-safe.
 */
final class Carrier {

  static final long STACK_BYTES = 64L << 20;

  private final ThreadPoolExecutor executor;

  Carrier(String name) {
    executor =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread carrier = new Thread(null, work, name, STACK_BYTES, false);
              carrier.setDaemon(true);
              // The thread outlives its user's class loader, which it would inherit.
              carrier.setContextClassLoader(Carrier.class.getClassLoader());
              return carrier;
            });
  }

  /** Queues work, which runs after the work that was queued before. */
  void execute(Runnable work) {
    executor.execute(work);
  }

  /** Ends the thread after the work that was queued before. */
  void end() {
    executor.shutdown();
  }
}
