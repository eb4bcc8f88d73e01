package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.AdmissionConfig.Retry;
import dev.terrarium.error.ConfigurationException;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionConfigTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration TOO_LONG = Duration.ofDays(365).plusNanos(1);

  private static void assertRefused(ThrowingCallable setting, String message) {
    assertThatThrownBy(setting).isInstanceOf(ConfigurationException.class).hasMessage(message);
  }

  @Test
  void allIsOffByDefault() {
    AdmissionConfig config = AdmissionConfig.ofDefaults();

    assertThat(config.circuitBreaker()).isEmpty();
    assertThat(config.bulkhead()).isEmpty();
    assertThat(config.retry()).isEmpty();
    assertThat(config.budget()).isEmpty();
  }

  @Test
  void defaultsOfThePartsAreThoseOfTheDocumentation() {
    assertThat(CircuitBreaker.ofDefaults())
        .isEqualTo(new CircuitBreaker(5, Duration.ofSeconds(30), 1));
    assertThat(Bulkhead.of(7)).isEqualTo(new Bulkhead(7, 100, Duration.ofSeconds(10)));
    assertThat(Retry.ofDefaults()).isEqualTo(new Retry(3, Duration.ofMillis(100)));
  }

  @Test
  void builderStartsWithAllRulesOfAnother() {
    AdmissionConfig config =
        AdmissionConfig.custom()
            .circuitBreaker(CircuitBreaker.ofDefaults())
            .bulkhead(Bulkhead.of(2))
            .retry(Retry.ofDefaults())
            .budget(Budget.ofCalls(10, MINUTE))
            .build();

    AdmissionConfig other = AdmissionConfig.from(config).retry(null).build();

    assertThat(other.circuitBreaker()).isEqualTo(config.circuitBreaker());
    assertThat(other.bulkhead()).isEqualTo(config.bulkhead());
    assertThat(other.budget()).isEqualTo(config.budget());
    assertThat(other.retry()).isEmpty();
    assertThat(config.retry()).isPresent();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void limitsOfZeroAndLessAreRefused(int limit) {
    assertRefused(
        () -> CircuitBreaker.ofDefaults().withFailures(limit),
        "circuitBreaker.failures: " + limit + " is not 1 to 10000");
    assertRefused(
        () -> CircuitBreaker.ofDefaults().withTrialCalls(limit),
        "circuitBreaker.trialCalls: " + limit + " is not 1 to 1000");
    assertRefused(
        () -> Bulkhead.of(limit), "bulkhead.concurrency: " + limit + " is not 1 to 1000000");
    assertRefused(
        () -> Retry.ofDefaults().withAttempts(limit),
        "retry.attempts: " + limit + " is not 1 to 100");
    assertRefused(
        () -> Budget.ofCalls(limit, MINUTE), "budget.calls: " + limit + " is not 1 or more");
    assertRefused(
        () -> Budget.ofTokens(limit, MINUTE), "budget.tokens: " + limit + " is not 1 or more");
  }

  @Test
  void limitsAboveTheirRangeAreRefused() {
    assertRefused(
        () -> CircuitBreaker.ofDefaults().withFailures(10_001),
        "circuitBreaker.failures: 10001 is not 1 to 10000");
    assertRefused(
        () -> Retry.ofDefaults().withAttempts(101), "retry.attempts: 101 is not 1 to 100");
    assertRefused(
        () -> CircuitBreaker.ofDefaults().withOpenFor(TOO_LONG),
        "circuitBreaker.openFor: PT8760H0.000000001S is not PT0.001S to PT8760H");
  }

  @Test
  void queueMayHaveNoPlacesButNotFewer() {
    assertThat(Bulkhead.of(1).withQueue(0, MINUTE).queue()).isZero();
    assertRefused(
        () -> Bulkhead.of(1).withQueue(-1, MINUTE), "bulkhead.queue: -1 is not 0 to 1000000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-1S"})
  void timesOfZeroAndLessAreRefused(Duration time) {
    assertRefused(
        () -> CircuitBreaker.ofDefaults().withOpenFor(time),
        "circuitBreaker.openFor: " + time + " is not PT0.001S to PT8760H");
    assertRefused(
        () -> Bulkhead.of(1).withQueue(1, time),
        "bulkhead.maxWait: " + time + " is not PT0.000000001S to PT8760H");
    assertRefused(
        () -> Budget.ofCalls(1, time),
        "budget.period: " + time + " is not PT0.000000001S to PT8760H");
  }

  @Test
  void pauseMayBeZeroButNotNegative() {
    assertThat(Retry.ofDefaults().withPause(Duration.ZERO).pause()).isZero();
    assertRefused(
        () -> Retry.ofDefaults().withPause(Duration.ofMillis(-1)),
        "retry.pause: PT-0.001S is not PT0S to PT8760H");
  }
}
