package dev.terrarium.internal.resource;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Drops what has expired when its time has come, though nobody asks for anything. At most one look
 * is ahead, the earliest that was asked for; each look says when the next one is due. Thread-safe.
 */
public final class ExpirySweeper {

  private final Ticker ticker;
  private final Scheduler scheduler;
  private final Executor executor;
  private final Runnable look;
  private boolean ahead;
  private long next;

  /**
   * @param look drops what has expired, and asks for the next look
   */
  public ExpirySweeper(Ticker ticker, Scheduler scheduler, Executor executor, Runnable look) {
    this.ticker = ticker;
    this.scheduler = scheduler;
    this.executor = executor;
    this.look = look;
  }

  /** Asks for a look in so many nanoseconds, or before; in {@link Long#MAX_VALUE} for none. */
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
      if (!ahead || next != time) { // an earlier one was asked for after this one
        return;
      }
      ahead = false;
    }
    look.run();
  }
}
