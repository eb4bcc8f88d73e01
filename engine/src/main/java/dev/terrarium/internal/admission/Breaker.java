package dev.terrarium.internal.admission;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.AdmissionConfig;
import dev.terrarium.Stats.Admission.BreakerState;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.PythonException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The circuit breaker of one framework. Thread-safe. */
final class Breaker {

  private static final Failure NONE = new Failure("nothing", 0);

  private final String framework;
  private final AdmissionConfig.CircuitBreaker config;
  private final Ticker ticker;
  private final CircuitBreaker breaker;
  private final AtomicInteger inARow = new AtomicInteger();
  private volatile Failure last = NONE;

  /** The last failure, by its type alone: the message may contain another caller's data. */
  private record Failure(String type, long at) {

    static Failure of(Throwable failure, long now) {
      return new Failure(
          failure instanceof PythonException raised
              ? raised.type()
              : failure.getClass().getSimpleName(),
          now);
    }
  }

  Breaker(String framework, AdmissionConfig.CircuitBreaker config, Ticker ticker) {
    this.framework = framework;
    this.config = config;
    this.ticker = ticker;
    this.breaker =
        CircuitBreaker.of(
            framework,
            CircuitBreakerConfig.custom()
                .slidingWindowType(SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(config.failures())
                .minimumNumberOfCalls(config.failures())
                .failureRateThreshold(100) // all of the last calls, so this many in a row
                .waitDurationInOpenState(config.openFor())
                .permittedNumberOfCallsInHalfOpenState(config.trialCalls())
                .clock(new TickerClock(ticker))
                .build());
  }

  /**
   * Throws while the circuit breaker is open, without changing its state.
   *
   * @throws CircuitOpenException until it is time for a trial
   */
  void check() {
    if (breaker.getState() == CircuitBreaker.State.OPEN && left() >= 0) {
      throw refusal();
    }
  }

  /**
   * Admits a call, whose outcome must then be reported to {@link #exit}.
   *
   * @return whether the call is a trial
   * @throws CircuitOpenException when the circuit breaker is open, or enough trials are running
   */
  boolean enter() {
    if (!breaker.tryAcquirePermission()) {
      throw refusal();
    }
    return isTrying();
  }

  /**
   * Records a call's outcome. A call that began in another state, such as before the circuit
   * breaker opened, says nothing about the trial.
   */
  void exit(boolean trial, @Nullable Throwable failure) {
    CircuitBreaker.State state = breaker.getState();
    if (state == CircuitBreaker.State.OPEN || trial != (state == CircuitBreaker.State.HALF_OPEN)) {
      return;
    }
    switch (FrameworkVerdict.of(failure)) {
      case SUCCESS -> {
        inARow.set(0);
        breaker.onSuccess(0, TimeUnit.NANOSECONDS); // a slow call is no failure
      }
      case FAILURE -> failed(Objects.requireNonNull(failure));
      case NOTHING -> breaker.releasePermission();
    }
  }

  private void failed(Throwable failure) {
    inARow.incrementAndGet();
    // Set before the circuit breaker opens, because refusals report it.
    last = Failure.of(failure, ticker.read());
    breaker.onError(0, TimeUnit.NANOSECONDS, failure);
  }

  private boolean isTrying() {
    return breaker.getState() == CircuitBreaker.State.HALF_OPEN;
  }

  /** Returns the nanoseconds until a trial is admitted. */
  private long left() {
    return config.openFor().toNanos() - (ticker.read() - last.at);
  }

  private CircuitOpenException refusal() {
    String when =
        isTrying()
            ? "It is being tried now; call it when that has ended."
            : "It is tried again in " + Duration.ofNanos(Math.max(0, left())) + ".";
    return new CircuitOpenException(
        "Framework '%s' is not called: %d calls in a row failed, the last one by %s. %s"
            .formatted(framework, inARow.get(), last.type, when));
  }

  BreakerState state() {
    return switch (breaker.getState()) {
      case OPEN -> BreakerState.OPEN;
      case HALF_OPEN -> BreakerState.HALF_OPEN;
      default -> BreakerState.CLOSED;
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
