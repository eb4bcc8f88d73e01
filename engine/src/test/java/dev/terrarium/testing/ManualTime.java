package dev.terrarium.testing;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A clock that the test turns by hand, with what was planned by it. Thread-safe. */
public final class ManualTime implements Ticker, Scheduler {

  private final List<Planned> planned = new ArrayList<>();
  private long now = Long.MAX_VALUE - 1_000; // soon it overflows, as System.nanoTime may

  private record Planned(long time, Executor executor, Runnable work) {}

  @Override
  public synchronized long read() {
    return now;
  }

  @Override
  public synchronized Future<?> schedule(
      Executor executor, Runnable work, long delay, TimeUnit unit) {
    planned.add(new Planned(now + unit.toNanos(delay), executor, work));
    return new CompletableFuture<>();
  }

  public synchronized int planned() {
    return planned.size();
  }

  /** Turns the clock without running what is due. */
  public synchronized void pass(Duration time) {
    now += time.toNanos();
  }

  /** Runs what is due. */
  public void runDue() {
    List<Planned> due;
    synchronized (this) {
      due = planned.stream().filter(each -> each.time() - now <= 0).toList();
      planned.removeAll(due);
    }
    due.forEach(each -> each.executor().execute(each.work()));
  }
}
