package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The report of leases that are held for long. */
@SuppressWarnings("try") // a lease is held here, not used
class LeakWatchTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  @Test
  void leaseHeldTooLongIsReportedOnce() {
    bench.open(settings(2, 2).withLeakThreshold(Duration.ofSeconds(10)));
    ContextLease early = bench.borrow(A);
    bench.timer.turn(Duration.ofSeconds(5));
    ContextLease late = bench.borrow(A);
    assertThat(bench.timer.armed()).as("timers").isOne();
    bench.timer.turn(Duration.ofSeconds(5));
    assertThat(bench.log())
        .containsExactly(
            "terrarium.pool WARNING context-0 has been on lease to thread '"
                + Thread.currentThread().getName()
                + "' for 'a' for more than PT10S; a deadline would end such a call.");
    assertThat(bench.thrown()).singleElement().extracting("message").isEqualTo("borrowed here");

    late.close();
    bench.timer.turn(LONG);
    assertThat(bench.log()).hasSize(1);
    assertThat(bench.timer.armed()).isZero();
    early.close();
  }

  @Test
  void nobodyIsReportedWhenThereIsNoThreshold() {
    bench.open(settings(1, 1).withLeakThreshold(Duration.ZERO));
    try (ContextLease held = bench.borrow(A)) {
      bench.timer.turn(Duration.ofDays(1));
    }
    assertThat(bench.log()).isEmpty();
  }
}
