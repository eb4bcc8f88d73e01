package dev.terrarium.internal.pool;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The time by which a call must be answered. Immutable. */
public final class Deadline {

  private static final Deadline NONE = new Deadline(null, 0);

  private final @Nullable Duration timeout;
  private final long begin;

  private Deadline(@Nullable Duration timeout, long begin) {
    this.timeout = timeout;
    this.begin = begin;
  }

  public static Deadline none() {
    return NONE;
  }

  /**
   * Returns the deadline that passes when the time-out has elapsed.
   *
   * @param timeout null for never
   */
  public static Deadline after(@Nullable Duration timeout) {
    return after(timeout, System.nanoTime());
  }

  static Deadline after(@Nullable Duration timeout, long now) {
    return timeout == null ? NONE : new Deadline(timeout, now);
  }

  /**
   * Returns the nanoseconds that are left, zero or less when none are; {@link Long#MAX_VALUE}
   * without a deadline.
   *
   * @param now what {@link System#nanoTime} says
   */
  public long left(long now) {
    return timeout == null ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(timeout) - (now - begin);
  }

  /** Returns the time-out, as the user gave it. */
  @Override
  public String toString() {
    return timeout == null ? "none" : text(timeout);
  }

  /** Returns the text of a time as the configuration takes it, such as 500ms, 10s or 2m. */
  public static String text(Duration time) {
    if (time.isPositive() && time.equals(Duration.ofMinutes(time.toMinutes()))) {
      return time.toMinutes() + "m";
    }
    if (time.equals(Duration.ofSeconds(time.toSeconds()))) {
      return time.toSeconds() + "s";
    }
    return time.equals(Duration.ofMillis(time.toMillis()))
        ? time.toMillis() + "ms"
        : time.toString();
  }
}
