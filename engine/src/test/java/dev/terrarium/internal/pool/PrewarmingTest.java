package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.B;
import static dev.terrarium.internal.pool.PoolBench.restricted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.pool.StubExecution.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How contexts load a framework before anyone calls it. */
@SuppressWarnings("try") // a lease is held here, not used
class PrewarmingTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  @Test
  void hasContextsLoadAndGivesThemToBorrowers() {
    bench.open(1, 3);
    CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 2);

    assertThat(done).isCompleted();
    assertThat(bench.stats().with("a")).isEqualTo(2);
    assertThat(bench.figures()).isEqualTo("total=2, starting=0, active=0, idle=2, pending=0");
  }

  @Test
  void isDoneWhenTheLoadsAreAndNotBefore() {
    bench.open(1, 1);
    bench.context(0).hold(Kind.PREPARE);
    Waiter borrower = bench.ask(A);
    CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 1);
    assertThat(done).isNotDone();

    bench.context(0).running().end();
    assertThat(done).isCompleted();
    bench.lease(borrower).close();
  }

  @Test
  void countsWhatOthersHaveLoadedMeanwhile() {
    bench.open(2, 2);
    ContextLease first = bench.borrow(B);
    ContextLease second = bench.borrow(B);
    Waiter borrower = bench.ask(A);
    CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 1);
    first.close();

    assertThat(done).isCompleted();
    bench.lease(borrower).close();
    second.close();
  }

  @Test
  void neverCountsAContextTwice() {
    bench.open(2, 2);
    bench.warm(A);
    try (ContextLease held = bench.borrow(B)) {
      CompletableFuture<@Nullable Void> done = bench.pool().prewarm(A, 2);
      assertThat(done).isNotDone();
      held.close();
      assertThat(done).isCompleted();
    }
    assertThat(bench.stats().with("a")).isEqualTo(2);
  }

  @Test
  void replacesContextsOfAnotherProfile() {
    bench.open(2, 2);
    assertThat(bench.pool().prewarm(restricted("r"), 2)).isCompleted();
    assertThat(bench.stats().with("r")).isEqualTo(2);
  }

  @Test
  void failsWithTheLoadThatFailed() {
    bench.setUp =
        context -> context.failing(Kind.PREPARE, new FrameworkLoadException("no such module"));
    bench.open(1, 1);

    assertThat(bench.pool().prewarm(A, 1))
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withCauseInstanceOf(FrameworkLoadException.class);
  }

  @Test
  void failsWhenItsContextCannotBeMade() {
    bench.open(1, 2);
    bench.warm(A);
    bench.failure = new ModelException("no more");

    assertThat(bench.pool().prewarm(A, 2)).isCompletedExceptionally();
    assertThat(bench.stats().pending()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0", "3"})
  void refusesNumbersThatCannotBe(int count) {
    bench.open(1, 2);
    assertThatThrownBy(() -> bench.pool().prewarm(A, count))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("1 to 2");
  }
}
