package dev.terrarium.internal.pool;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A clock that also runs tasks at given times. Tests have one that they turn by hand. */
interface Timer {

  /** Returns nanoseconds from an arbitrary origin, as {@link System#nanoTime()}. */
  long nanoTime();

  /** Runs a short task once, after the delay, unless the returned callback is run before. */
  Runnable after(Duration delay, Runnable task);

  /** Returns the system's clock, with one daemon thread for all pools of the process. */
  static Timer system() {
    return SystemTimer.INSTANCE;
  }

  /**
   * The system's clock, whose thread is made when a task is scheduled, and ends a second after none
   * is left.
   */
  final class SystemTimer implements Timer {

    private static final SystemTimer INSTANCE = new SystemTimer();

    private final ScheduledThreadPoolExecutor thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread timer = Thread.ofPlatform().daemon().name("terrarium-timer").unstarted(task);
              timer.setContextClassLoader(Timer.class.getClassLoader()); // not the first user's
              return timer;
            });

    private SystemTimer() {
      thread.setRemoveOnCancelPolicy(true);
      thread.setKeepAliveTime(1, TimeUnit.SECONDS);
      thread.allowCoreThreadTimeOut(true);
    }

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public Runnable after(Duration delay, Runnable task) {
      Future<?> scheduled =
          thread.schedule(task, TimeUnit.NANOSECONDS.convert(delay), TimeUnit.NANOSECONDS);
      return () -> scheduled.cancel(false);
    }
  }
}
