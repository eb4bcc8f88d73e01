package dev.terrarium.internal.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig;
import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.AdmissionConfig.Retry;
import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.Stats.Admission.BreakerState;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.internal.pool.Deadline;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tests of all admission rules together, as a call meets them. */
class AdmissionTest {

  private final PythonException failure = new PythonException("ValueError", "no", List.of(), null);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration LONG = Duration.ofSeconds(30);

  private final ManualTicker ticker = new ManualTicker();
  private boolean withinCall;

  private Admission admission(AdmissionConfig all) {
    return admission(all, Map.of());
  }

  private Admission admission(AdmissionConfig all, Map<String, AdmissionConfig> own) {
    return new Admission(all, own, null, () -> withinCall, ticker);
  }

  private static AdmissionConfig breaker(int failures) {
    return AdmissionConfig.custom()
        .circuitBreaker(CircuitBreaker.ofDefaults().withFailures(failures))
        .build();
  }

  private static AdmissionConfig bulkhead(int concurrency, int queue) {
    return AdmissionConfig.custom()
        .bulkhead(Bulkhead.of(concurrency).withQueue(queue, LONG))
        .build();
  }

  private static AdmissionConfig retry(int attempts, Duration pause) {
    return AdmissionConfig.custom().retry(new Retry(attempts, pause)).build();
  }

  private static Permit admit(Admission admission) {
    return admit(admission, null);
  }

  private static Permit admit(Admission admission, @Nullable String key) {
    return admission.admit("words", key, Deadline.none());
  }

  private static Stats.Admission stats(Admission admission) {
    return admission
        .stats()
        .getOrDefault("words", new Stats.Admission(BreakerState.OFF, -1, -1, -1));
  }

  // ------------------------------------------------------------------ off

  @Test
  void allCallsShareOnePermitWhenEveryRuleIsOff() {
    Admission admission = admission(AdmissionConfig.ofDefaults());

    assertThat(admit(admission, "ann")).isSameAs(Permit.open());
    assertThat(admission.stats()).isEmpty();
  }

  @Test
  void rulesOfOneFrameworkCostTheOthersNoPermit() {
    Admission admission = admission(AdmissionConfig.ofDefaults(), Map.of("words", breaker(1)));

    assertThat(admission.admit("other", "ann", Deadline.none())).isSameAs(Permit.open());
    assertThat(admit(admission)).isNotSameAs(Permit.open());
  }

  @Test
  void budgetAloneCostsCallsWithoutAKeyNoPermit() {
    Admission admission =
        admission(AdmissionConfig.custom().budget(Budget.ofCalls(1, MINUTE)).build());

    assertThat(admit(admission)).isSameAs(Permit.open());
    assertThat(admit(admission)).isSameAs(Permit.open());
  }

  @Test
  void openPermitIsNeverUsedAgain() {
    Permit.open().end(failure);
    Permit.open().accept(1_000);

    assertThat(Permit.open().again(failure)).isFalse();
  }

  // ------------------------------------------------------------------ breaker and bulkhead

  @Test
  void frameworksHaveBreakersOfTheirOwn() {
    Admission admission = admission(breaker(1));
    admit(admission).end(failure);

    assertThatThrownBy(() -> admit(admission)).isInstanceOf(CircuitOpenException.class);
    admission.admit("other", null, Deadline.none()).end(null);
    assertThat(stats(admission)).isEqualTo(new Stats.Admission(BreakerState.OPEN, 0, 0, 1));
    assertThat(admission.stats().keySet()).containsExactlyInAnyOrder("words", "other");
  }

  @Test
  void configurationOfOneFrameworkTakesThePlaceOfThatOfAll() {
    Admission admission = admission(breaker(1), Map.of("words", breaker(2)));

    admit(admission).end(failure);
    admit(admission).end(failure);

    assertThatThrownBy(() -> admit(admission)).hasMessageContaining("2 calls in a row failed");
  }

  @Test
  void endedPermitReleasesItsPlaceWhateverTheOutcome() {
    Admission admission = admission(bulkhead(1, 0));

    admit(admission).end(null);
    admit(admission).end(failure);
    Permit third = admit(admission);

    assertThat(stats(admission).running()).isEqualTo(1);
    assertThatThrownBy(() -> admit(admission)).isInstanceOf(OverloadException.class);
    third.end(new ArgumentException("unknown"));
    assertThat(stats(admission)).isEqualTo(new Stats.Admission(BreakerState.OFF, 0, 0, 1));
  }

  @Test
  void openBreakerRefusesBeforeTheQueue() {
    Admission admission =
        admission(AdmissionConfig.from(breaker(1)).bulkhead(Bulkhead.of(1)).build());
    Permit running = admit(admission);
    running.end(failure);

    assertThatThrownBy(() -> admit(admission)).isInstanceOf(CircuitOpenException.class);
    assertThat(stats(admission).running()).isZero();
  }

  @Test
  void openingBreakerRefusesTheWaitingCallsToo() throws Exception {
    Admission admission =
        admission(AdmissionConfig.from(breaker(1)).bulkhead(Bulkhead.of(1)).build());
    Permit running = admit(admission);
    Task<Permit> second = Task.of(() -> admit(admission));
    Task<Permit> third = Task.of(() -> admit(admission));
    Task.until("both wait", () -> stats(admission).queued() == 2);

    running.end(failure);

    assertThat(second.failure()).isInstanceOf(CircuitOpenException.class);
    assertThat(third.failure()).isInstanceOf(CircuitOpenException.class);
    assertThat(stats(admission)).isEqualTo(new Stats.Admission(BreakerState.OPEN, 0, 0, 2));
  }

  @Test
  void callWithoutAPlaceIsNotATrial() {
    Admission admission =
        admission(
            AdmissionConfig.custom()
                .circuitBreaker(new CircuitBreaker(1, LONG, 2))
                .bulkhead(Bulkhead.of(1).withQueue(0, LONG))
                .build());
    admit(admission).end(failure);
    ticker.advance(MINUTE);
    Permit trial = admit(admission);

    assertThatThrownBy(() -> admit(admission)).isInstanceOf(OverloadException.class);
    trial.end(null);
    admit(admission).end(null);

    assertThat(stats(admission).breaker()).isEqualTo(BreakerState.CLOSED);
  }

  @Test
  void callWithinACallPassesAndItsEndCountsForNothing() {
    Admission admission =
        admission(
            AdmissionConfig.from(breaker(1)).bulkhead(Bulkhead.of(1).withQueue(0, LONG)).build());
    Permit outer = admit(admission);
    withinCall = true;

    admit(admission).end(failure);
    withinCall = false;

    assertThat(stats(admission)).isEqualTo(new Stats.Admission(BreakerState.CLOSED, 1, 0, 0));
    outer.end(null);
  }

  @Test
  void concurrencyOfTheLimitsIsABulkheadWhereNoneIsConfigured() {
    ResourceLimits one = ResourceLimits.custom().concurrency(1).build();
    Admission admission =
        new Admission(
            AdmissionConfig.ofDefaults(),
            Map.of("own", bulkhead(2, 0)),
            framework -> framework.equals("free") ? ResourceLimits.ofDefaults() : one,
            () -> withinCall,
            ticker);

    Permit permit = admit(admission);
    assertThatThrownBy(() -> admission.admit("words", null, Deadline.after(Duration.ofMillis(1))))
        .isInstanceOf(CallTimeoutException.class)
        .hasMessageContaining("running=1 of 1");
    permit.end(null);
    admit(admission).end(null);

    admission.admit("own", null, Deadline.none());
    admission.admit("own", null, Deadline.none());
    assertThatThrownBy(() -> admission.admit("own", null, Deadline.none()))
        .isInstanceOf(OverloadException.class)
        .hasMessageContaining("running=2 of 2");
    assertThat(admission.admit("free", null, Deadline.none())).isSameAs(Permit.open());
  }

  // ------------------------------------------------------------------ budget

  @Test
  void budgetOfAllIsSharedByFrameworksAndThatOfOneIsItsOwn() {
    AdmissionConfig budget = AdmissionConfig.custom().budget(Budget.ofCalls(2, MINUTE)).build();
    Admission admission = admission(budget, Map.of("own", budget));

    admission.admit("one", "ann", Deadline.none()).end(null);
    admission.admit("two", "ann", Deadline.none()).end(null);

    assertThatThrownBy(() -> admission.admit("three", "ann", Deadline.none()))
        .isInstanceOf(BudgetExceededException.class);
    admission.admit("own", "ann", Deadline.none()).end(null);
    admission.admit("three", "bob", Deadline.none()).end(null);
  }

  @Test
  void tokensAreChargedToTheKeyOfThePermit() {
    Admission admission =
        admission(AdmissionConfig.custom().budget(Budget.ofTokens(10, MINUTE)).build());
    Permit permit = admit(admission, "ann");
    permit.accept(6);
    withinCall = true;
    admit(admission, "ann").accept(4);
    admit(admission, null).accept(100);
    withinCall = false;
    permit.end(null);

    assertThatThrownBy(() -> admit(admission, "ann")).hasMessageContaining("10 of 10 tokens");
    admit(admission, "bob").end(null);
  }

  @Test
  void callThatIsRefusedElsewhereCostsNoBudget() {
    Admission admission =
        admission(AdmissionConfig.from(bulkhead(1, 0)).budget(Budget.ofCalls(2, MINUTE)).build());
    Permit first = admit(admission, "ann");
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> admit(admission, "ann")).isInstanceOf(OverloadException.class);
    }
    first.end(null);

    admit(admission, "ann").end(null);
    assertThatThrownBy(() -> admit(admission, "ann")).isInstanceOf(BudgetExceededException.class);
    assertThat(stats(admission).rejected()).isEqualTo(6);
  }

  // ------------------------------------------------------------------ retry

  @Test
  void failureIsRetriedUpToTheNumberOfAttempts() {
    Permit permit = admit(admission(retry(3, Duration.ZERO)));

    permit.end(failure);
    assertThat(permit.again(failure)).isTrue();
    permit.end(failure);
    assertThat(permit.again(failure)).isTrue();
    permit.end(failure);

    assertThat(permit.again(failure)).isFalse();
  }

  @Test
  void onlyFailuresWithinTheDeadlineAreRetried() {
    Permit permit = admit(admission(retry(3, Duration.ZERO)));

    assertThat(permit.again(new ArgumentException("unknown"))).isFalse();
    assertThat(permit.again(new CallInterruptedException("cancelled"))).isFalse();
    assertThat(permit.again(new CallTimeoutException("too late"))).isFalse();
  }

  @Test
  void pausesBetweenAttempts() {
    Permit permit = admit(admission(retry(2, Duration.ofMillis(20))));
    long begin = System.nanoTime();

    assertThat(permit.again(failure)).isTrue();

    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isGreaterThanOrEqualTo(Duration.ofMillis(20));
  }

  @Test
  void doesNotPauseForAnAttemptBeyondTheDeadline() {
    Permit permit =
        admission(retry(2, Duration.ofHours(1)))
            .admit("words", null, Deadline.after(Duration.ofMinutes(1)));

    assertThat(permit.again(failure)).isFalse();
  }

  @Test
  void interruptionEndsThePause() throws Exception {
    Permit permit = admit(admission(retry(2, Duration.ofHours(1))));
    Task<Boolean> caller =
        Task.of(
            () -> {
              assertThatThrownBy(() -> permit.again(failure))
                  .isInstanceOf(CallInterruptedException.class);
              return Thread.currentThread().isInterrupted();
            });
    caller.untilItWaits();

    caller.interrupt();

    assertThat(caller.result()).isTrue();
  }

  @Test
  void everyAttemptCountsForTheBreakerWhichRefusesFurtherOnes() {
    Admission admission =
        admission(AdmissionConfig.from(breaker(2)).retry(new Retry(5, Duration.ZERO)).build());
    Permit permit = admit(admission);
    permit.end(failure);
    assertThat(permit.again(failure)).isTrue();
    permit.end(failure);

    assertThat(permit.again(failure)).isFalse();
    assertThat(failure.getSuppressed())
        .hasOnlyElementsOfType(CircuitOpenException.class)
        .hasSize(1);
  }

  @Test
  void retryTakesAPlaceAgainAndCostsNoBudget() {
    Admission admission =
        admission(
            AdmissionConfig.from(bulkhead(1, 0))
                .retry(new Retry(2, Duration.ZERO))
                .budget(Budget.ofCalls(2, MINUTE))
                .build());
    Permit permit = admit(admission, "ann");
    permit.end(failure);
    assertThat(stats(admission).running()).isZero();

    assertThat(permit.again(failure)).isTrue();
    assertThat(stats(admission).running()).isEqualTo(1);
    permit.end(null);

    admit(admission, "ann").end(null);
    assertThatThrownBy(() -> admit(admission, "ann")).hasMessageContaining("2 of 2 calls");
  }
}
