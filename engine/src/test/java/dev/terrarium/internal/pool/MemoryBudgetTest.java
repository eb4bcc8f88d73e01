package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.framework;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.pool.StubExecution.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A pool whose frameworks take 100 MB in each context, and may have 250 MB. */
@SuppressWarnings("try") // a lease is held here, not used
class MemoryBudgetTest {

  private static final BridgeSource A = framework("a");
  private static final BridgeSource B = framework("b");
  private static final long MEGABYTE = 1 << 20;

  @RegisterExtension final PoolBench bench = new PoolBench();

  /** What was asked for, in megabytes. */
  private final List<Long> roomMade = new ArrayList<>();

  private long limit = 250;
  private long kept;

  @BeforeEach
  void limitMemory() {
    bench.setUp = context -> context.bytes = 100 * MEGABYTE;
    bench.limit =
        new MemoryLimit() {
          @Override
          public long bytes(String framework) {
            return limit * MEGABYTE;
          }

          @Override
          public long kept(String framework) {
            return kept * MEGABYTE;
          }

          @Override
          public void makeRoom(String framework, long inContexts) {
            roomMade.add(inContexts / MEGABYTE);
          }
        };
  }

  private long with(BridgeSource framework) {
    return bench.made.stream().filter(each -> each.loaded.contains(framework.name())).count();
  }

  @Test
  void callsWaitForTheContextsThatMayHaveTheirFramework() {
    bench.open(3, 3);
    ContextLease first = bench.borrow(A);
    ContextLease second = bench.borrow(A);
    Waiter third = bench.ask(A);

    assertThat(third.isWaiting()).isTrue();
    assertThat(with(A)).isEqualTo(2);
    second.close();
    assertThat(bench.lease(third).name()).isEqualTo("context-1");

    bench.lease(third).close();
    first.close();
    assertThat(bench.use(B)).as("others have memory of their own").isEqualTo("context-2");
  }

  @Test
  void firstContextIsNotRefused() {
    limit = 1;
    bench.open(2, 2);
    ContextLease first = bench.borrow(A);
    Waiter second = bench.ask(A);

    assertThat(second.isWaiting()).isTrue();
    first.close();
    bench.lease(second).close();
    assertThat(with(A)).isOne();
  }

  @Test
  void whenItsOnlyContextServesNoMoreAnotherOneLoads() {
    limit = 1;
    bench.open(2, 2);
    StubExecution<?> running = bench.runAway(A);
    Waiter second = bench.ask(A);
    assertThat(second.isWaiting()).isTrue();

    bench.timer.turn(ContextRepair.GRACE);
    assertThat(bench.lease(second).name()).isEqualTo("context-1");
    bench.lease(second).close();
    running.stop();
  }

  @Test
  void whatModelsNeedIsNotTakenByContexts() {
    bench.open(3, 3);
    kept = 51;
    ContextLease first = bench.borrow(A);
    Waiter second = bench.ask(A);
    assertThat(second.isWaiting()).isTrue();

    kept = 50;
    bench.use(B);
    assertThat(bench.lease(second).name()).as("looked at again").isNotEqualTo(first.name());
    bench.lease(second).close();
    first.close();
  }

  @Test
  void modelsMakeRoomBeforeALoad() {
    bench.open(2, 2);
    bench.warm(A, A);

    assertThat(roomMade).as("what the first takes is not known before").containsExactly(0L, 200L);
  }

  @Test
  void attachingABridgeTakesNothing() {
    limit = 1;
    bench.open(2, 2);
    ContextLease first = bench.borrow(A);

    ContextLease unloaded = bench.lease(bench.ask(A, StubContext.NEEDS_NO_LOAD));
    assertThat(unloaded.name()).isEqualTo("context-1");
    assertThat(with(A)).isOne();
    assertThat(roomMade).as("by the load alone").containsExactly(0L);
    unloaded.close();
    first.close();
  }

  @Test
  void prewarmingOfMoreContextsThanMayIsRefusedWithFigures() {
    bench.open(3, 3);
    bench.use(A);
    CompletableFuture<@Nullable Void> prewarmed = bench.pool().prewarm(A, 3);

    assertThatThrownBy(prewarmed::join)
        .hasCauseInstanceOf(LimitExceededException.class)
        .hasMessageContaining(
            "Framework 'a' is loaded in no further context: its memory limit of 250.0 MB has no"
                + " room for 100.0 MB more, beside 200.0 MB in contexts and 0.0 MB of models that"
                + " it keeps (total=3,")
        .hasMessageContaining("Raise TerrariumConfig.limits");
    assertThat(with(A)).isEqualTo(2);
  }

  @Test
  void prewarmingWaitsForALoadThatIsUnderWay() {
    limit = 200;
    bench.open(2, 2);
    ContextLease first = bench.borrow(A);
    bench.context(1).hold(Kind.PREPARE);
    Waiter second = bench.ask(A);
    CompletableFuture<@Nullable Void> prewarmed = bench.pool().prewarm(A, 2);
    assertThat(prewarmed).isNotDone();

    bench.context(1).running().end();
    assertThat(prewarmed).isCompleted();
    bench.lease(second).close();
    first.close();
  }

  @Test
  void ofLoadsThatBeganTogetherTheOneTooManyIsDropped() {
    limit = 150;
    bench.setUp =
        context -> {
          context.bytes = 100 * MEGABYTE;
          context.hold(Kind.PREPARE);
        };
    bench.open(2, 2);
    CompletableFuture<@Nullable Void> prewarmed = bench.pool().prewarm(A, 2);
    bench.made.forEach(context -> context.running().end());

    assertThatThrownBy(prewarmed::join).hasCauseInstanceOf(LimitExceededException.class);
    assertThat(with(A)).isOne();
    assertThat(bench.context(1).count(Kind.CLEAN_UP)).isOne();
    assertThat(bench.figures()).isEqualTo("total=2, starting=0, active=0, idle=2, pending=0");
  }

  @Test
  void callWhoseLoadWasOneTooManyIsServedByAnotherContext() {
    limit = 150;
    bench.setUp =
        context -> {
          context.bytes = 100 * MEGABYTE;
          context.hold(Kind.PREPARE);
        };
    bench.open(2, 2);
    Waiter first = bench.ask(A);
    Waiter second = bench.ask(A);
    bench.made.forEach(context -> context.running().end());

    assertThat(second.isWaiting()).isTrue();
    bench.lease(first).close();
    assertThat(bench.lease(second).name()).isEqualTo("context-0");
    bench.lease(second).close();
    assertThat(bench.made).allMatch(context -> context.count(Kind.PREPARE) == 1);
  }

  @Test
  void callWithinACallIsRefusedForTheMemory() {
    limit = 1;
    bench.open(2, 2);
    ContextLease first = bench.borrow(A);
    Waiter within = bench.waiter(A, "count", Waiter.Kind.NESTED, Deadline.none());

    assertThatThrownBy(() -> bench.pool().enqueue(within))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("memory limit of 1.0 MB");
    first.close();
  }

  @Test
  void contextsAreMeasuredButForThoseThatCannotBeAndThoseThatAreStuck() {
    bench.open(3, 3);
    StubExecution<?> running = bench.runAway(A);
    bench.timer.turn(ContextRepair.GRACE);
    bench.context(1).failing(Kind.MEASURE, new IllegalStateException("closed meanwhile"));

    assertThat(bench.pool().measure().join())
        .as("the last one is in the place of the stuck one")
        .containsOnlyKeys("context-2", "context-3");
    running.stop();
  }

  @Test
  void measuringWaitsForTheContext() {
    bench.open(1, 1);
    bench.context(0).hold(Kind.MEASURE);
    CompletableFuture<Map<String, Long>> measured = bench.pool().measure();
    assertThat(measured).isNotDone();
    assertThat(bench.use(A)).as("calls go on meanwhile").isEqualTo("context-0");

    bench.context(0).running().end();
    assertThat(measured).isCompletedWithValue(Map.of("context-0", 100 * MEGABYTE));
  }

  @Test
  void callThatWaitedInVainIsToldOfTheLimit() {
    limit = 1;
    bench.open(2, 2);
    ContextLease first = bench.borrow(A);
    Waiter second = bench.ask(A);
    bench.timer.turn(LONG);
    bench.pool().reconsider(second);

    assertThat(second.failure())
        .isInstanceOf(BorrowTimeoutException.class)
        .hasMessageContaining("No other may load it: its memory limit of 1.0 MB has no room")
        .hasMessageContaining("Raise TerrariumConfig.limits or the borrow time-out");
    first.close();
  }
}
