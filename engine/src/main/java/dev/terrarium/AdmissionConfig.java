package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.admission.Outcome;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How calls are let in to a framework. Immutable; every value is checked where it is set. By
 * default all is off: every call is let in, and none is made twice.
 *
 * <pre>{@code
 * AdmissionConfig.custom()
 *     .circuitBreaker(CircuitBreaker.ofDefaults())
 *     .bulkhead(Bulkhead.of(4).withQueue(16, Duration.ofSeconds(2)))
 *     .retry(Retry.ofDefaults())
 *     .budget(Budget.ofTokens(100_000, Duration.ofHours(1)))
 *     .build();
 * }</pre>
 */
public final class AdmissionConfig {

  private static final AdmissionConfig OFF = custom().build();
  private static final Duration LONGEST = Duration.ofDays(365);

  private final @Nullable CircuitBreaker circuitBreaker;
  private final @Nullable Bulkhead bulkhead;
  private final @Nullable Retry retry;
  private final @Nullable Budget budget;

  private AdmissionConfig(Builder builder) {
    circuitBreaker = builder.circuitBreaker;
    bulkhead = builder.bulkhead;
    retry = builder.retry;
    budget = builder.budget;
  }

  /** Everything off. */
  public static AdmissionConfig ofDefaults() {
    return OFF;
  }

  /** Begins with everything off. */
  public static Builder custom() {
    return new Builder();
  }

  /** Begins with what the other one has. */
  public static Builder from(AdmissionConfig other) {
    return new Builder()
        .circuitBreaker(other.circuitBreaker)
        .bulkhead(other.bulkhead)
        .retry(other.retry)
        .budget(other.budget);
  }

  /** Empty when a framework is called however often it fails. */
  public Optional<CircuitBreaker> circuitBreaker() {
    return Optional.ofNullable(circuitBreaker);
  }

  /** Empty when only the pool bounds how many calls run at once. */
  public Optional<Bulkhead> bulkhead() {
    return Optional.ofNullable(bulkhead);
  }

  /** Empty when no call is made twice. */
  public Optional<Retry> retry() {
    return Optional.ofNullable(retry);
  }

  /** Empty when no caller's use is limited. */
  public Optional<Budget> budget() {
    return Optional.ofNullable(budget);
  }

  /** Whether nothing is on. */
  public boolean isOff() {
    return circuitBreaker == null && bulkhead == null && retry == null && budget == null;
  }

  /**
   * Leaves a framework alone for a while after so many of its calls in a row have failed, and then
   * tries it. What counts as a failure is the table at {@link Outcome}, however long a call took.
   * Each framework has a breaker of its own.
   *
   * @param failures in a row that open it, 1 to 10,000; default 5
   * @param openFor how long no call is let in then, 1 ms to 365 days; default 30 s
   * @param trialCalls let in after that, 1 to 1,000, and nobody else until they have ended; it
   *     opens again when they all fail, and closes when one does not; default 1
   */
  public record CircuitBreaker(int failures, Duration openFor, int trialCalls) {

    private static final Duration SHORTEST = Duration.ofMillis(1);

    public CircuitBreaker {
      check("circuitBreaker.failures", failures, 1, 10_000);
      check("circuitBreaker.openFor", openFor, SHORTEST);
      check("circuitBreaker.trialCalls", trialCalls, 1, 1_000);
    }

    public static CircuitBreaker ofDefaults() {
      return new CircuitBreaker(5, Duration.ofSeconds(30), 1);
    }

    public CircuitBreaker withFailures(int count) {
      return new CircuitBreaker(count, openFor, trialCalls);
    }

    public CircuitBreaker withOpenFor(Duration time) {
      return new CircuitBreaker(failures, time, trialCalls);
    }

    public CircuitBreaker withTrialCalls(int count) {
      return new CircuitBreaker(failures, openFor, count);
    }
  }

  /**
   * Bounds how many calls of a framework run at once, and how many wait for that, first come first
   * served. Each framework has a bulkhead of its own.
   *
   * @param concurrency calls that run at once, 1 to 1,000,000
   * @param queue callers that may wait before it, 0 to 1,000,000; default 100
   * @param maxWait how long one of them waits, above zero to 365 days; default 10 s
   */
  public record Bulkhead(int concurrency, int queue, Duration maxWait) {

    private static final int MOST = 1_000_000;

    public Bulkhead {
      check("bulkhead.concurrency", concurrency, 1, MOST);
      check("bulkhead.queue", queue, 0, MOST);
      check("bulkhead.maxWait", maxWait, Duration.ofNanos(1));
    }

    /** So many at once, with all else at its default. */
    public static Bulkhead of(int concurrency) {
      return new Bulkhead(concurrency, 100, Duration.ofSeconds(10));
    }

    public Bulkhead withQueue(int callers, Duration wait) {
      return new Bulkhead(concurrency, callers, wait);
    }
  }

  /**
   * Makes a call again that failed, if its command says that this is safe ({@code
   * handler(idempotent=True)}) or its shortcut does, as frozen programs do, within the call's
   * deadline. Only what counts as a failure at {@link Outcome}, and neither a time limit that
   * passed nor a context or framework that was not to be had: for those the call has waited
   * already.
   *
   * @param attempts in all, the first one included, 1 to 100; default 3
   * @param pause before each further one, zero to 365 days; default 100 ms
   */
  public record Retry(int attempts, Duration pause) {

    public Retry {
      check("retry.attempts", attempts, 1, 100);
      check("retry.pause", pause, Duration.ZERO);
    }

    public static Retry ofDefaults() {
      return new Retry(3, Duration.ofMillis(100));
    }

    public Retry withAttempts(int count) {
      return new Retry(count, pause);
    }

    public Retry withPause(Duration time) {
      return new Retry(attempts, time);
    }
  }

  /**
   * What one caller's key may use up in a period, which begins with its first call. Calls count
   * when they are let in, one for each batch and stream, and none for calls within calls and
   * further attempts. Tokens count when a language model has answered, so that the call that uses
   * the last ones still ends well; those that threads of Python use do not, for it is not known
   * whose they are. Calls without a key have no budget.
   *
   * @param calls 1 or more; {@link Long#MAX_VALUE} for any number
   * @param tokens read and written by language models, 1 or more; {@link Long#MAX_VALUE} for any
   *     number
   * @param period above zero to 365 days
   */
  public record Budget(long calls, long tokens, Duration period) {

    public Budget {
      check("budget.calls", calls, 1, Long.MAX_VALUE);
      check("budget.tokens", tokens, 1, Long.MAX_VALUE);
      check("budget.period", period, Duration.ofNanos(1));
    }

    public static Budget ofCalls(long calls, Duration period) {
      return new Budget(calls, Long.MAX_VALUE, period);
    }

    public static Budget ofTokens(long tokens, Duration period) {
      return new Budget(Long.MAX_VALUE, tokens, period);
    }

    /** The same with this many tokens. */
    public Budget withTokens(long count) {
      return new Budget(calls, count, period);
    }
  }

  private static void check(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new ConfigurationException(
          key
              + ": "
              + value
              + " is not "
              + (most == Long.MAX_VALUE ? least + " or more" : least + " to " + most));
    }
  }

  private static void check(String key, Duration value, Duration least) {
    if (value.compareTo(least) < 0 || value.compareTo(LONGEST) > 0) {
      throw new ConfigurationException(key + ": " + value + " is not " + least + " to " + LONGEST);
    }
  }

  /** Collects a configuration; null turns a part off. Not thread-safe. */
  public static final class Builder {
    private @Nullable CircuitBreaker circuitBreaker;
    private @Nullable Bulkhead bulkhead;
    private @Nullable Retry retry;
    private @Nullable Budget budget;

    private Builder() {}

    public Builder circuitBreaker(@Nullable CircuitBreaker part) {
      circuitBreaker = part;
      return this;
    }

    public Builder bulkhead(@Nullable Bulkhead part) {
      bulkhead = part;
      return this;
    }

    public Builder retry(@Nullable Retry part) {
      retry = part;
      return this;
    }

    public Builder budget(@Nullable Budget part) {
      budget = part;
      return this;
    }

    public AdmissionConfig build() {
      return new AdmissionConfig(this);
    }
  }
}
