package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which calls are admitted to a framework: circuit breaker, bulkhead, retry and
 * budget. Immutable; every value is checked where it is set. By default every rule is off: every
 * call is admitted, and no call is retried.
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

  /** Returns a configuration in which every rule is off. */
  public static AdmissionConfig ofDefaults() {
    return OFF;
  }

  /** Returns a builder in which every rule is off. */
  public static Builder custom() {
    return new Builder();
  }

  /** Returns a builder that starts with the rules of another configuration. */
  public static Builder from(AdmissionConfig other) {
    return new Builder()
        .circuitBreaker(other.circuitBreaker)
        .bulkhead(other.bulkhead)
        .retry(other.retry)
        .budget(other.budget);
  }

  /**
   * Returns the circuit breaker, or empty when a framework is called however often its calls fail.
   */
  public Optional<CircuitBreaker> circuitBreaker() {
    return Optional.ofNullable(circuitBreaker);
  }

  /** Returns the bulkhead, or empty when only the pool bounds how many calls run at once. */
  public Optional<Bulkhead> bulkhead() {
    return Optional.ofNullable(bulkhead);
  }

  /** Returns the retry rule, or empty when no call is retried. */
  public Optional<Retry> retry() {
    return Optional.ofNullable(retry);
  }

  /** Returns the budget, or empty when the use of a caller is not limited. */
  public Optional<Budget> budget() {
    return Optional.ofNullable(budget);
  }

  /** Returns whether every rule is off. */
  public boolean isOff() {
    return circuitBreaker == null && bulkhead == null && retry == null && budget == null;
  }

  /**
   * A rule that refuses calls to a framework for a while after a number of its calls in a row have
   * failed, and then lets trial calls in. A call fails by an exception of Python or of a language
   * model, by a result that cannot be converted, or by a load, a deadline or a wait for a context
   * that failed; a caller's bad input, a cancellation and a refusal do not count, and the guide on
   * limits has the whole table. Each framework has a circuit breaker of its own.
   *
   * @param failures number of failures in a row that open the circuit breaker, 1 to 10,000; default
   *     5
   * @param openFor time for which an open circuit breaker refuses calls, 1 ms to 365 days; default
   *     30 s
   * @param trialCalls calls that are admitted after that time, 1 to 1,000; every other call is
   *     refused until they have ended. When all of them fail, the circuit breaker opens again; when
   *     one does not fail, the circuit breaker closes. Default 1
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
   * A rule that bounds how many calls of a framework run at once and how many callers wait for a
   * place, in the order of their arrival. Each framework has a bulkhead of its own.
   *
   * @param concurrency calls that run at once, 1 to 1,000,000
   * @param queue callers that may wait for a place, 0 to 1,000,000; default 100
   * @param maxWait time for which a caller waits at most, above zero to 365 days; default 10 s
   */
  public record Bulkhead(int concurrency, int queue, Duration maxWait) {

    private static final int MOST = 1_000_000;

    public Bulkhead {
      check("bulkhead.concurrency", concurrency, 1, MOST);
      check("bulkhead.queue", queue, 0, MOST);
      check("bulkhead.maxWait", maxWait, Duration.ofNanos(1));
    }

    /** Returns a bulkhead of that concurrency whose queue and waiting time have their defaults. */
    public static Bulkhead of(int concurrency) {
      return new Bulkhead(concurrency, 100, Duration.ofSeconds(10));
    }

    public Bulkhead withQueue(int callers, Duration wait) {
      return new Bulkhead(concurrency, callers, wait);
    }
  }

  /**
   * A rule that retries a failed call within its deadline, if its command is declared safe to
   * repeat ({@code handler(idempotent=True)}) or its shortcut is, as frozen programs are. Only what
   * counts as a failure at {@link CircuitBreaker} is retried. A time-out, and a context or
   * framework that could not be acquired, are not: the call has waited for those already.
   *
   * @param attempts number of attempts including the first, 1 to 100; default 3
   * @param pause time before each further attempt, zero to 365 days; default 100 ms
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
   * A rule that limits what the calls of one caller's key use in a period, which begins with the
   * key's first call. A call counts when it is admitted; a batch and a stream count as one call,
   * while calls within calls and further attempts do not count. Tokens count when a language model
   * has answered, so the call that uses the last tokens still ends well. Tokens that Python's own
   * threads use do not count, because the caller of such a thread is not known. Calls without a key
   * have no budget.
   *
   * @param calls number of calls, 1 or more; {@link Long#MAX_VALUE} for no limit
   * @param tokens number of tokens that language models read and write, 1 or more; {@link
   *     Long#MAX_VALUE} for no limit
   * @param period length of the period, above zero to 365 days
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

    /** Returns this budget with another number of tokens. */
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

  /** A builder of an admission configuration; null turns a rule off. Not thread-safe. */
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
