package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.alone;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Stats.ContextState;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.UnknownCommandException;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.pool.StubExecution.Kind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a context after a fault, a number of calls, or a time. */
class ContextRepairTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  static Stream<Arguments> faults() {
    return Stream.of(
        Arguments.of(null, ""),
        Arguments.of(new ArgumentException("wrong"), ""),
        Arguments.of(new ConversionException("x", "wrong"), ""),
        Arguments.of(new UnknownCommandException("a", "x", null, List.of()), ""),
        Arguments.of(new PythonException("ValueError", "", List.of(), null), "CHECK"),
        Arguments.of(new CancellationException("stopped"), "CHECK"),
        Arguments.of(new IllegalStateException("odd"), "CHECK"),
        Arguments.of(new StackOverflowError(), "CHECK"),
        Arguments.of(new OutOfMemoryError("heap"), "RESET"),
        Arguments.of(new PythonException("MemoryError", "", List.of(), null), "RESET"),
        Arguments.of(
            new PythonException(PythonException.INTERNAL, "", List.of(), null), "retired"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void whatBecomesOfAContextFollowsFromItsFault(@Nullable Throwable fault, String expected) {
    bench.open(1, 1);
    StubContext context = bench.context(0);
    Waiter waiter = bench.ask(A);
    context.asked.clear();
    bench.pool().release(bench.pooled(waiter), fault);

    String happened = context.retirements.get() > 0 ? "retired" : String.join(",", context.asked);
    assertThat(happened).isEqualTo(expected);
    assertThat(bench.stats().idle()).as("as many as before").isOne();
    assertThat(bench.stats().recycled()).isEqualTo(expected.equals("RESET") ? 1 : 0);
  }

  @ParameterizedTest
  @CsvSource({"SOUND,0,0", "RESTORED,1,0", "BROKEN,0,1"})
  void whatACheckFindsIsCounted(HealthStatus found, int restored, int retired) {
    bench.open(1, 1);
    bench.context(0).condition = found;
    bench.runAway(A).stop();

    assertThat(bench.stats().restored()).isEqualTo(restored);
    assertThat(bench.stats().retired()).isEqualTo(retired);
    assertThat(bench.made).hasSize(1 + retired);
    assertThat(bench.log()).hasSize(retired);
    assertThat(bench.stats().idle()).isOne();
  }

  @Test
  void checkThatFailsMeansBroken() {
    bench.open(1, 1);
    bench.context(0).failing(Kind.CHECK, new IllegalStateException("no check"));
    bench.runAway(A).stop();

    assertThat(bench.context(0).retirements).hasValue(1);
  }

  @Test
  void resetThatHadToBeStoppedIsDoneAgain() {
    bench.open(settings(1, 1).withRecycling(1, Duration.ZERO));
    StubContext context = bench.context(0).hold(Kind.RESET);
    bench.use(A);
    context.running().stop();
    context.running().end();

    assertThat(context.count(Kind.RESET)).isEqualTo(2);
    assertThat(context.count(Kind.CHECK)).isZero();
    assertThat(context.loaded).isEmpty();
    context.release(Kind.RESET);
    bench.use(alone("lonely"));
    assertThat(bench.stats().retired()).isZero();
  }

  @Test
  void nobodyGetsAContextThatIsBeingChecked() {
    bench.open(1, 1);
    bench.context(0).hold(Kind.CHECK);
    bench.runAway(A).stop();
    Waiter waiter = bench.ask(A);
    assertThat(waiter.isWaiting()).isTrue();
    assertThat(bench.stats().suspect()).isOne();

    bench.context(0).running().end();
    bench.lease(waiter).close();
  }

  @Test
  void soundContextIsCheckedAfterSoManyCalls() {
    bench.open(settings(1, 1).withCheckEvery(3));
    for (int i = 0; i < 7; i++) {
      bench.use(A);
    }

    assertThat(bench.context(0).count(Kind.CHECK)).isEqualTo(2);
  }

  @Test
  void contextIsRecycledAfterSoManyCallsOrATenthLess() {
    bench.open(settings(1, 1).withRecycling(100, Duration.ZERO));
    for (int i = 0; i < 89; i++) {
      bench.use(A);
    }
    assertThat(bench.context(0).count(Kind.RESET)).isZero();
    for (int i = 89; i < 100; i++) {
      bench.use(A);
    }
    assertThat(bench.context(0).count(Kind.RESET)).isOne();
    assertThat(bench.stats().recycled()).isOne();
  }

  @Test
  void contextIsRecycledAtAnAgeOrATenthEarlier() {
    bench.open(settings(1, 1).withRecycling(0, Duration.ofMinutes(100)));
    bench.timer.turn(Duration.ofMinutes(89));
    bench.use(A);
    assertThat(bench.stats().recycled()).isZero();
    bench.timer.turn(Duration.ofMinutes(11));
    bench.use(A);

    assertThat(bench.stats().recycled()).isOne();
    assertThat(bench.stats().with("a")).isZero();
    assertThat(bench.stats().contexts().getFirst().state()).isEqualTo(ContextState.FRESH);
  }

  @Test
  void ageBeyondNanosecondsIsNever() {
    bench.open(settings(1, 1).withRecycling(0, Duration.ofSeconds(Long.MAX_VALUE)));
    bench.use(A);

    assertThat(bench.stats().idle()).isEqualTo(1);
  }

  @Test
  void contextsDifferInWhenTheyAreRecycled() {
    PoolSettings settings = settings(1, 1).withRecycling(100, Duration.ZERO);
    assertThat(callsUntilRecycling(settings, 0)).isEqualTo(100);
    assertThat(callsUntilRecycling(settings, 0.5)).isEqualTo(95);
    assertThat(callsUntilRecycling(settings, 1)).isEqualTo(90);
  }

  private static long callsUntilRecycling(PoolSettings settings, double random) {
    PooledContext context =
        new PooledContext(new StubContext("context", PoolBench.PROFILE), 0, random);
    while (!context.isRecyclingDue(settings, 0)) {
      context.called();
    }
    return context.calls();
  }
}
