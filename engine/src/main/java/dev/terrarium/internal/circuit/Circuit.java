package dev.terrarium.internal.circuit;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.error.CircuitOpenException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A circuit breaker: after a number of failures in a row it refuses calls for a time, and then
 * admits trial calls, which decide whether it closes. Thread-safe.
 */
public final class Circuit {

  private static final Failure NONE = new Failure("nothing", 0);

  private final String subject;
  private final Duration openFor;
  private final Ticker ticker;
  private final CircuitBreaker breaker;
  private final AtomicInteger inARow = new AtomicInteger();
  private volatile Failure last = NONE;

  /** The last failure, by its type alone: the message may contain another caller's data. */
  private record Failure(String type, long at) {}

  /** The state of a circuit breaker. */
  public enum State {
    CLOSED,
    OPEN,
    HALF_OPEN
  }

  /**
   * Creates a closed circuit breaker.
   *
   * @param subject what is called, for messages, such as {@code Framework 'words'}
   * @param failures the number of failures in a row after which calls are refused
   * @param openFor the time for which calls are refused
   * @param trialCalls the number of calls that are then admitted
   */
  public Circuit(String subject, int failures, Duration openFor, int trialCalls, Ticker ticker) {
    this.subject = subject;
    this.openFor = openFor;
    this.ticker = ticker;
    this.breaker =
        CircuitBreaker.of(
            subject,
            CircuitBreakerConfig.custom()
                .slidingWindowType(SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(failures)
                .minimumNumberOfCalls(failures)
                .failureRateThreshold(100) // all of the last calls, so this many in a row
                .waitDurationInOpenState(openFor)
                .permittedNumberOfCallsInHalfOpenState(trialCalls)
                .clock(new TickerClock(ticker))
                .build());
  }

  /**
   * Throws while the circuit breaker is open, without changing its state.
   *
   * @throws CircuitOpenException until it is time for a trial
   */
  public void check() {
    if (breaker.getState() == CircuitBreaker.State.OPEN && left() >= 0) {
      throw refusal();
    }
  }

  /**
   * Admits a call, whose outcome must then be reported to {@link #succeeded}, {@link #failed} or
   * {@link #released}.
   *
   * @return whether the call is a trial
   * @throws CircuitOpenException when the circuit breaker is open, or enough trials are running
   */
  public boolean enter() {
    if (!breaker.tryAcquirePermission()) {
      throw refusal();
    }
    return isTrying();
  }

  /** Records that a call succeeded. */
  public void succeeded(boolean trial) {
    if (counts(trial)) {
      inARow.set(0);
      breaker.onSuccess(0, TimeUnit.NANOSECONDS); // a slow call is no failure
    }
  }

  /**
   * Records that a call failed.
   *
   * @param type the type of the failure, for messages
   */
  public void failed(boolean trial, String type, Throwable failure) {
    if (counts(trial)) {
      inARow.incrementAndGet();
      // Set before the circuit breaker opens, because refusals report it.
      last = new Failure(type, ticker.read());
      breaker.onError(0, TimeUnit.NANOSECONDS, failure);
    }
  }

  /** Records that a call ended in a way that says nothing about the subject. */
  public void released(boolean trial) {
    if (counts(trial)) {
      breaker.releasePermission();
    }
  }

  /**
   * Returns whether the outcome of a call counts. A call that began in another state, such as
   * before the circuit breaker opened, says nothing about the trial.
   */
  private boolean counts(boolean trial) {
    CircuitBreaker.State state = breaker.getState();
    return state != CircuitBreaker.State.OPEN && trial == (state == CircuitBreaker.State.HALF_OPEN);
  }

  private boolean isTrying() {
    return breaker.getState() == CircuitBreaker.State.HALF_OPEN;
  }

  /** Returns the nanoseconds until a trial is admitted. */
  private long left() {
    return openFor.toNanos() - (ticker.read() - last.at);
  }

  /** Returns the time until a trial is admitted; zero when one may be. */
  public Duration timeLeft() {
    return Duration.ofNanos(Math.max(0, left()));
  }

  private CircuitOpenException refusal() {
    String when =
        isTrying()
            ? "It is being tried now; call it when that has ended."
            : "It is tried again in " + timeLeft() + ".";
    return new CircuitOpenException(
        "%s is not called: %d calls in a row failed, the last one by %s. %s"
            .formatted(subject, inARow.get(), last.type, when));
  }

  /** Returns the state; an open circuit breaker stays open until the next call after its time. */
  public State state() {
    return switch (breaker.getState()) {
      case OPEN -> State.OPEN;
      case HALF_OPEN -> State.HALF_OPEN;
      default -> State.CLOSED;
    };
  }

  /** The ticker as a clock, which a change of the computer's time does not affect. */
  private static final class TickerClock extends Clock {

    private final Ticker ticker;

    TickerClock(Ticker ticker) {
      this.ticker = ticker;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochSecond(0, ticker.read());
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException("a ticker has no zone");
    }
  }
}
