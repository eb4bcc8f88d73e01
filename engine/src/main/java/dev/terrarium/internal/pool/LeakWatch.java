package dev.terrarium.internal.pool;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Reports leases that are held too long, once each: one timer for all of a pool, set for the oldest
 * lease. Thread-safe.
 */
final class LeakWatch {

  private static final Logger LOGGER = System.getLogger("terrarium.pool");

  private record WatchedLease(Waiter borrower, long since) {}

  private final Duration threshold;
  private final Timer timer;

  /** Oldest first. */
  private final Map<PooledContext, WatchedLease> leases = new LinkedHashMap<>();

  private boolean armed;

  /**
   * @param threshold zero to report none
   */
  LeakWatch(Duration threshold, Timer timer) {
    this.threshold = threshold;
    this.timer = timer;
  }

  synchronized void begin(PooledContext context, Waiter borrower) {
    if (threshold.isPositive()) {
      leases.put(context, new WatchedLease(borrower, timer.nanoTime()));
      if (!armed) {
        arm(threshold);
      }
    }
  }

  synchronized void end(PooledContext context) {
    leases.remove(context);
  }

  private void arm(Duration delay) {
    armed = true;
    timer.after(delay, () -> overdue().forEach(this::report));
  }

  /** Takes out what is overdue, and sets the timer for the next. */
  private synchronized Map<PooledContext, WatchedLease> overdue() {
    Map<PooledContext, WatchedLease> overdue = new LinkedHashMap<>();
    armed = false;
    Iterator<Map.Entry<PooledContext, WatchedLease>> each = leases.entrySet().iterator();
    while (each.hasNext() && !armed) {
      Map.Entry<PooledContext, WatchedLease> lease = each.next();
      long held = timer.nanoTime() - lease.getValue().since();
      long left = TimeUnit.NANOSECONDS.convert(threshold) - held;
      if (left > 0) {
        arm(Duration.ofNanos(left));
      } else {
        overdue.put(lease.getKey(), lease.getValue());
        each.remove();
      }
    }
    return overdue;
  }

  private void report(PooledContext context, WatchedLease lease) {
    LOGGER.log(
        Level.WARNING,
        context.name()
            + " has been on lease to thread '"
            + lease.borrower().thread.getName()
            + "' for '"
            + lease.borrower().name()
            + "' for more than "
            + threshold
            + "; a deadline would end such a call.",
        lease.borrower().origin);
  }
}
