package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.internal.pool.StubExecution.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of a context whose work was stopped, and does not stop. */
class StuckWorkTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  @Test
  void workThatStopsInTimeReturnsItsContextAfterACheck() {
    bench.open(1, 1);
    StubExecution<?> work = bench.runAway(A);
    assertThat(work.interrupts).hasValue(1);
    work.stop();

    assertThat(bench.context(0).count(Kind.CHECK)).isOne();
    assertThat(bench.stats().idle()).isOne();
    bench.timer.turn(LONG);
    assertThat(bench.stats().idle()).isOne();
  }

  @Test
  void workThatDoesNotStopIsReplacedUntilItDoes() {
    bench.open(1, 1);
    StubExecution<?> work = bench.runAway(A);
    Waiter waiter = bench.ask(A);
    assertThat(waiter.isWaiting()).isTrue();
    bench.timer.turn(ContextRepair.GRACE);

    assertThat(bench.stats().suspect()).isOne();
    assertThat(bench.lease(waiter).name()).isEqualTo("context-1");
    bench.lease(waiter).close();
    work.stop();
    assertThat(bench.context(0).parkings).as("the pool has enough").hasValue(1);
    assertThat(bench.figures()).isEqualTo("total=1, starting=0, active=0, idle=1, pending=0");
  }

  @Test
  void replacementsEndAtTwiceTheMaximum() {
    bench.open(1, 1);
    List<StubExecution<?>> works = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      works.add(bench.runAway(A));
      bench.timer.turn(ContextRepair.GRACE);
    }
    Waiter waiter = bench.ask(A);
    assertThat(bench.made).hasSize(2);
    assertThat(waiter.isWaiting()).isTrue();

    works.getLast().stop();
    bench.lease(waiter).close();
    works.getFirst().stop();
    assertThat(bench.stats().total()).isOne();
  }

  @Test
  void workThatNeverStopsIsToldAndMayComeBackYet() {
    bench.open(0, 1);
    StubExecution<?> work = bench.runAway(A);
    bench.timer.turn(ContextRepair.GRACE.plus(ContextRepair.ABANDON_AFTER));

    assertThat(bench.stats().abandoned()).isOne();
    assertThat(bench.log())
        .containsExactly(
            "terrarium.pool WARNING What runs in context-0 has not stopped for PT1M; its thread"
                + " is counted as lost.");
    work.stop();
    assertThat(bench.context(0).count(Kind.CHECK)).isOne();
    assertThat(bench.stats().idle()).isOne();
    assertThat(bench.use(A)).isEqualTo("context-0");
  }

  @Test
  void checkThatDoesNotEndIsStoppedAndItsContextReplaced() {
    bench.open(1, 1);
    bench.context(0).hold(Kind.CHECK);
    bench.runAway(A).stop();
    bench.timer.turn(ContextRepair.CHECK_LIMIT);

    assertThat(bench.context(0).running().interrupts).hasValue(1);
    assertThat(bench.made).hasSize(2);
    bench.context(0).running().end();
    assertThat(bench.stats().total()).isOne();
  }
}
