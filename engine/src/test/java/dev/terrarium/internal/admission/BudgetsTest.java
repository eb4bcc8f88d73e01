package dev.terrarium.internal.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AdmissionConfig.Budget;
import dev.terrarium.error.BudgetExceededException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BudgetsTest {

  private static final Duration PERIOD = Duration.ofMinutes(1);

  private final ManualTicker ticker = new ManualTicker();
  private final Budgets budgets = new Budgets(Budget.ofCalls(3, PERIOD).withTokens(100), ticker);

  private void call(String key, int times) {
    for (int i = 0; i < times; i++) {
      budgets.enter(key);
    }
  }

  @Test
  void callsOfAPeriodAreCountedByKey() {
    call("ann", 3);
    call("bob", 2);
    ticker.advance(Duration.ofSeconds(48));

    assertThatThrownBy(() -> budgets.enter("ann"))
        .isInstanceOf(BudgetExceededException.class)
        .hasMessage(
            "The budget of 'ann' is used up: 3 of 3 calls in PT1M. The next period begins in"
                + " PT12S.");
    call("bob", 1);
  }

  @Test
  void tokensOfAPeriodAreCounted() {
    call("ann", 1);
    budgets.charge("ann", 99);
    call("ann", 1);
    budgets.charge("ann", 18);

    assertThatThrownBy(() -> budgets.enter("ann"))
        .isInstanceOf(BudgetExceededException.class)
        .hasMessageContaining("117 of 100 tokens in PT1M");
  }

  @Test
  void refusedCallCountsNothing() {
    call("ann", 1);
    budgets.charge("ann", 100);
    for (int i = 0; i < 10; i++) {
      assertThatThrownBy(() -> budgets.enter("ann")).hasMessageContaining("tokens");
    }
  }

  @Test
  void nextPeriodBeginsWithItsFirstCall() {
    call("ann", 3);
    ticker.advance(PERIOD.minusNanos(1));
    assertThatThrownBy(() -> budgets.enter("ann")).hasMessageEndingWith("in PT0.000000001S.");

    ticker.advance(Duration.ofNanos(1));
    call("ann", 1);
    ticker.advance(Duration.ofSeconds(59));
    call("ann", 2);

    assertThatThrownBy(() -> budgets.enter("ann")).hasMessageEndingWith("in PT1S.");
  }

  @Test
  void tokensCountInThePeriodInWhichTheyCome() {
    call("ann", 1);
    ticker.advance(PERIOD);
    budgets.charge("ann", 100);

    assertThatThrownBy(() -> budgets.enter("ann")).hasMessageContaining("100 of 100 tokens");
    ticker.advance(PERIOD);
    call("ann", 1);
  }

  @Test
  void refusedCallIsNotCounted() {
    call("ann", 3);
    budgets.takeBack("ann");

    call("ann", 1);

    assertThatThrownBy(() -> budgets.enter("ann")).hasMessageContaining("3 of 3 calls");
  }

  @Test
  void unusedKeysAreForgottenAfterAPeriod() {
    for (int i = 0; i < 1_000; i++) {
      call("key " + i, 1);
    }
    assertThat(budgets.size()).isEqualTo(1_000);
    ticker.advance(PERIOD);
    call("ann", 1);

    assertThat(budgets.size()).isEqualTo(1);
  }

  @Test
  void numberOfKeysIsBounded() {
    for (int i = 0; i < Budgets.MOST_KEYS + 1_000; i++) {
      call("key " + i, 1);
    }

    assertThat(budgets.size()).isLessThanOrEqualTo(Budgets.MOST_KEYS);
  }
}
