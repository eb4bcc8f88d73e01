package dev.terrarium.internal.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.Stats.Admission.BreakerState;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.PythonException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class BreakerTest {

  private final PythonException failure =
      new PythonException("ValueError", "a caller's secret", List.of(), null);
  private final ArgumentException input = new ArgumentException("unknown argument");
  private static final Duration OPEN = Duration.ofSeconds(30);
  private static final Duration MOMENT = Duration.ofMillis(1);

  private final ManualTicker ticker = new ManualTicker();
  private Breaker breaker = breaker(CircuitBreaker.ofDefaults());

  private Breaker breaker(CircuitBreaker config) {
    return new Breaker("words", config, ticker);
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.exit(breaker.enter(), failure);
    }
  }

  private void succeed() {
    breaker.exit(breaker.enter(), null);
  }

  /** Opens the circuit breaker, and lets its time pass. */
  private void untilItIsTried() {
    fail(5);
    ticker.advance(OPEN.plus(MOMENT));
  }

  private void assertRefused() {
    assertThatThrownBy(breaker::enter).isInstanceOf(CircuitOpenException.class);
  }

  @Test
  void opensAfterFiveFailuresInARow() {
    fail(4);
    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);

    fail(1);

    assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    assertRefused();
  }

  @Test
  void successBetweenFailuresResetsTheCount() {
    fail(4);
    succeed();
    fail(4);
    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);

    fail(1);

    assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
  }

  @Test
  void badInputNeitherOpensTheBreakerNorResetsItsCount() {
    fail(4);
    for (int i = 0; i < 100; i++) {
      breaker.exit(breaker.enter(), input);
    }
    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);

    fail(1);

    assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
  }

  @Test
  void numberOfFailuresIsConfigured() {
    breaker = breaker(CircuitBreaker.ofDefaults().withFailures(1));

    fail(1);

    assertRefused();
  }

  @Test
  void refusalNamesTheFailureTheCountAndTheTimeOfTheTrial() {
    fail(5);
    ticker.advance(Duration.ofMillis(17_500));

    assertThatThrownBy(breaker::enter)
        .hasMessage(
            "Framework 'words' is not called: 5 calls in a row failed, the last one by"
                + " ValueError. It is tried again in PT12.5S.");
    assertThatThrownBy(breaker::check).hasMessageContaining("PT12.5S");
  }

  @Test
  void refusalDoesNotContainTheFailuresMessage() {
    fail(5);

    assertThatThrownBy(breaker::enter).message().doesNotContain("secret");
  }

  @Test
  void staysOpenForItsTime() {
    fail(5);

    ticker.advance(OPEN);
    assertRefused();
    ticker.advance(MOMENT);

    breaker.check();
    succeed();
  }

  @Test
  void successOfATrialClosesIt() {
    untilItIsTried();

    succeed();

    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
    fail(4);
    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
  }

  @Test
  void failureOfATrialOpensItForAnotherTime() {
    untilItIsTried();

    fail(1);

    assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    ticker.advance(OPEN);
    assertThatThrownBy(breaker::enter)
        .hasMessageContaining("6 calls in a row failed")
        .hasMessageContaining("tried again in PT0S");
    ticker.advance(MOMENT);
    succeed();
  }

  @Test
  void numberOfConcurrentTrialsIsLimited() {
    untilItIsTried();

    boolean trial = breaker.enter();

    assertThat(trial).isTrue();
    assertThat(breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    assertThatThrownBy(breaker::enter)
        .isInstanceOf(CircuitOpenException.class)
        .hasMessageEndingWith("It is being tried now; call it when that has ended.");
  }

  @Test
  void inconclusiveTrialIsFollowedByAnother() {
    untilItIsTried();

    breaker.exit(breaker.enter(), new CallInterruptedException("cancelled"));

    assertThat(breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    boolean trial = breaker.enter();
    assertThat(trial).isTrue();
    assertRefused();
  }

  @Test
  void opensAgainOnlyWhenAllTrialsFail() {
    breaker = breaker(CircuitBreaker.ofDefaults().withTrialCalls(2));
    untilItIsTried();

    fail(1);
    assertThat(breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    fail(1);
    assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);

    ticker.advance(OPEN.plus(MOMENT));
    fail(1);
    succeed();
    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
  }

  @Test
  void callThatBeganBeforeTheBreakerOpenedIsNotATrial() {
    boolean failing = breaker.enter();
    boolean succeeding = breaker.enter();
    boolean saying = breaker.enter();
    untilItIsTried();
    boolean trial = breaker.enter();

    breaker.exit(failing, failure);
    breaker.exit(succeeding, null);
    breaker.exit(saying, input);

    assertThat(breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    assertRefused();
    breaker.exit(trial, null);
    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
  }

  @Test
  void callThatEndsAfterTheBreakerOpenedChangesNothing() {
    boolean failing = breaker.enter();
    boolean succeeding = breaker.enter();
    fail(5);
    ticker.advance(OPEN);

    breaker.exit(failing, failure);
    breaker.exit(succeeding, null);

    assertThatThrownBy(breaker::enter)
        .hasMessageContaining("5 calls in a row failed")
        .hasMessageEndingWith("in PT0S.");
    ticker.advance(MOMENT);
    breaker.check();
    succeed();
  }
}
