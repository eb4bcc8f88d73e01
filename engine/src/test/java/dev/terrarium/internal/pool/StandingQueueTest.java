package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.B;
import static dev.terrarium.internal.pool.PoolBench.C;
import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.alone;
import static dev.terrarium.internal.pool.PoolBench.framework;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.pool.StubExecution.Kind;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two who call the same framework, one after another, as {@code callAll} does. */
class StandingQueueTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  private static final Duration CALL = LONG.dividedBy(1_000);

  /** Has the load of a framework in the first context take some time. */
  private void load(BridgeSource framework, Duration time) {
    bench.context(0).hold(Kind.PREPARE);
    Waiter waiter = bench.ask(framework);
    bench.timer.turn(time);
    bench.context(0).running().end();
    bench.context(0).release(Kind.PREPARE);
    bench.lease(waiter).close();
  }

  /** How many calls of two callers there are before a context has what it had not, 500 if none. */
  private int callsUntilLoaded(int context, Runnable between) {
    int calls = 0;
    ContextLease held = bench.borrow(A);
    while (calls < 500 && !bench.context(context).loaded.contains("a")) {
      Waiter waiter = bench.ask(A);
      bench.timer.turn(CALL);
      bench.pool().reconsider(waiter);
      between.run();
      held.close();
      held = bench.lease(waiter);
      calls++;
    }
    held.close();
    return calls;
  }

  private int callsUntilLoaded() {
    return callsUntilLoaded(1, () -> {});
  }

  private void open(BridgeSource other) {
    bench.open(2, 2);
    load(A, Duration.ofMinutes(1));
    bench.lease(bench.ask(other)).close();
    assertThat(bench.context(1).loaded).containsExactly(other.name());
  }

  @Test
  void isServedByAContextThatNobodyUsesLongBeforeAnybodyIsImpatient() {
    open(B);
    bench.timer.turn(LONG);

    assertThat(callsUntilLoaded()).isEqualTo(100);
    assertThat(bench.context(1).loaded).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void isServedSoonerTheLessALoadCosts() {
    bench.open(2, 2);
    load(A, CALL.multipliedBy(40));
    bench.lease(bench.ask(B)).close();
    bench.timer.turn(LONG);

    assertThat(callsUntilLoaded()).isEqualTo(40);
  }

  @Test
  void isWorthNoLoadBeforeItHasStoodAtAll() {
    bench.open(2, 2);
    bench.warm(A, B);
    bench.timer.turn(LONG);

    assertThat(callsUntilLoaded()).isEqualTo(10);
  }

  @Test
  void leavesAContextToThoseWhoUseIt() {
    open(B);

    assertThat(callsUntilLoaded(1, () -> bench.use(B))).isEqualTo(500);
    assertThat(bench.context(1).loaded).containsExactly("b");
  }

  @Test
  void isForgottenWhenItHasGone() {
    open(B);
    bench.timer.turn(LONG);
    for (int burst = 0; burst < 50; burst++) {
      ContextLease held = bench.borrow(A);
      Waiter waiter = bench.ask(A);
      bench.timer.turn(CALL.multipliedBy(20));
      bench.pool().reconsider(waiter);
      held.close();
      bench.lease(waiter).close();
      bench.timer.turn(CALL.multipliedBy(20));
    }

    assertThat(bench.context(1).loaded).containsExactly("b");
  }

  @Test
  void doesNotTakeTheContextOfAFrameworkThatIsAlone() {
    open(alone("lonely"));
    bench.timer.turn(LONG);

    assertThat(callsUntilLoaded()).isEqualTo(500);
  }

  @Test
  void dropsNothingWhenTheHeapHasNoRoom() {
    open(B);
    bench.timer.turn(LONG);
    bench.room = false;

    assertThat(callsUntilLoaded()).isEqualTo(500);
    assertThat(bench.context(1).asked).noneMatch(asked -> asked.startsWith("CLEAN_UP"));
  }

  @Test
  void oneWaiterWakesForIt() {
    open(B);
    bench.timer.turn(LONG);
    ContextLease held = bench.borrow(A);
    Waiter waiter = bench.ask(A);
    long nanos = bench.pool().reconsider(waiter);
    assertThat(nanos).isEqualTo(LONG.dividedBy(10).toNanos());

    bench.timer.turn(Duration.ofNanos(nanos));
    bench.pool().reconsider(waiter);
    assertThat(bench.lease(waiter).name()).isEqualTo("context-1");
    bench.lease(waiter).close();
    held.close();
  }

  @Test
  void takesOneContextAtATime() {
    bench.open(3, 3);
    load(A, Duration.ofMinutes(1));
    ContextLease keeping = bench.borrow(A);
    bench.warm(B, C);
    keeping.close();
    bench.timer.turn(LONG);
    int first = callsUntilLoaded(1, () -> {});

    assertThat(first).isEqualTo(100);
    assertThat(bench.context(2).loaded).containsExactly("c");
  }
}
