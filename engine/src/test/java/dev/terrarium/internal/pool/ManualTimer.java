package dev.terrarium.internal.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A clock that the test turns; what is due runs on the thread that turns it. Thread-safe. */
final class ManualTimer implements Timer {

  private record Alarm(long at, Runnable task) {}

  private final List<Alarm> alarms = new ArrayList<>();
  private Consumer<Runnable> onCancel = task -> {};
  private long now;

  @Override
  public synchronized long nanoTime() {
    return now;
  }

  @Override
  public synchronized Runnable after(Duration delay, Runnable task) {
    Alarm alarm = new Alarm(now + delay.toNanos(), task);
    alarms.add(alarm);
    return () -> cancel(alarm);
  }

  private synchronized void cancel(Alarm alarm) {
    if (alarms.remove(alarm)) {
      onCancel.accept(alarm.task());
    }
  }

  /** Has the test keep what is cancelled, for a cancellation that comes too late. */
  synchronized void onCancel(Consumer<Runnable> keep) {
    onCancel = keep;
  }

  /** How many tasks wait for their time. */
  synchronized int armed() {
    return alarms.size();
  }

  /** Lets time pass, and runs each task at its time. */
  void turn(Duration duration) {
    long end = nanoTime() + duration.toNanos();
    for (Alarm alarm = next(end); alarm != null; alarm = next(end)) {
      alarm.task().run();
    }
  }

  private synchronized @Nullable Alarm next(long end) {
    Alarm first =
        alarms.stream()
            .filter(alarm -> alarm.at() <= end)
            .min(Comparator.comparingLong(Alarm::at))
            .orElse(null);
    now = first == null ? end : Math.max(now, first.at());
    if (first != null) {
      alarms.remove(first);
    }
    return first;
  }
}
