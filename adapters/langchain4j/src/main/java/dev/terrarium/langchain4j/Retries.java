package dev.terrarium.langchain4j;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The policy by which requests are repeated that may succeed later. Immutable. The wait doubles
 * each time, unless the service names one; a service that wants more than {@link #LONGEST} is not
 * asked again.
 *
 * @param most maximum number of repetitions of a request
 * @param delay the wait before the first repetition, of which a random part up to a half is left
 *     out
 */
record Retries(int most, Duration delay) {

  static final Duration LONGEST = Duration.ofSeconds(60);
  private static final int MOST_DOUBLINGS = 16;

  static final Retries NONE = new Retries(0, Duration.ZERO);

  /**
   * Returns the result of the first attempt that does not fail.
   *
   * @param begun whether the caller has a part of the answer, so that it cannot be made anew
   * @throws ModelException of the last attempt
   * @throws CallInterruptedException when the thread is interrupted while it waits
   */
  <T> T run(Supplier<T> attempt, BooleanSupplier begun) {
    for (int failures = 0; ; failures++) {
      try {
        return attempt.get();
      } catch (ModelException e) {
        Duration wait = e.retryAfter().orElse(backoff(failures));
        if (!e.retryable()
            || failures >= most
            || begun.getAsBoolean()
            || wait.compareTo(LONGEST) > 0) {
          throw e;
        }
        sleep(wait);
      }
    }
  }

  private Duration backoff(int failures) {
    Duration whole = delay.multipliedBy(1L << Math.min(failures, MOST_DOUBLINGS));
    Duration most = whole.compareTo(LONGEST) > 0 ? LONGEST : whole;
    long half = most.toNanos() / 2;
    return Duration.ofNanos(most.toNanos() - ThreadLocalRandom.current().nextLong(half + 1));
  }

  private static void sleep(Duration wait) {
    try {
      Thread.sleep(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(
          "Interrupted while waiting to ask the language model again.", e);
    }
  }
}
