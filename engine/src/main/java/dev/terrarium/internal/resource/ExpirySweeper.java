package dev.terrarium.internal.resource;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A scheduler of sweeps, which drop expired entries when their time has come, even without
 * requests. At most one sweep is scheduled, the earliest that was requested; each sweep says when
 * the next one is due. Thread-safe.
 */
public final class ExpirySweeper {

  private final Ticker ticker;
  private final Scheduler scheduler;
  private final Executor executor;
  private final Runnable look;
  private boolean ahead;
  private long next;

  /**
   * Creates a sweeper.
   *
   * @param look drops what has expired, and requests the next sweep
   */
  public ExpirySweeper(Ticker ticker, Scheduler scheduler, Executor executor, Runnable look) {
    this.ticker = ticker;
    this.scheduler = scheduler;
    this.executor = executor;
    this.look = look;
  }

  /**
   * Requests a sweep in {@code nanos} nanoseconds, or earlier; {@link Long#MAX_VALUE} requests
   * none.
   */
  public void in(long nanos) {
    if (nanos != Long.MAX_VALUE) {
      by(ticker.read() + nanos);
    }
  }

  private synchronized void by(long time) {
    if (ahead && next - time <= 0) {
      return;
    }
    ahead = true;
    next = time;
    Future<?> unused =
        scheduler.schedule(
            executor, () -> run(time), Math.max(0, time - ticker.read()), TimeUnit.NANOSECONDS);
  }

  private void run(long time) {
    synchronized (this) {
      if (!ahead || next != time) { // an earlier sweep was requested after this one
        return;
      }
      ahead = false;
    }
    look.run();
  }
}
