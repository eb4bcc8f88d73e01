package dev.terrarium.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.StubExecution.Kind;
import dev.terrarium.testing.Linearizability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Borrowing, giving back, giving up and closing on real threads, as Lincheck calls them: whatever
 * they return must be what some order of them, one after the other, returns.
 */
@Tag("lincheck")
class PoolLinearizabilityTest {

  /** Lincheck makes one for each execution, whose operations it runs on two threads or three. */
  public static final class Contexts {

    private static final BridgeSource FRAMEWORK = PoolBench.framework("any");
    private static final int SIZE = 2;

    private final List<StubContext> made = new ArrayList<>();
    private final Map<Integer, PooledContext> held = new ConcurrentHashMap<>();
    private final ManualTimer timer = new ManualTimer();
    private final Roster roster = new Roster(timer);
    private final ContextPool pool;

    public Contexts() {
      pool =
          new ContextPool(
              profile -> {
                StubContext context = new StubContext("context-" + made.size(), profile);
                context.obeys = true;
                made.add(context);
                return context;
              },
              PoolBench.PROFILE,
              PoolBench.settings(SIZE, SIZE),
              roster,
              timer,
              Runnable::run,
              () -> true,
              MemoryLimit.none(),
              Events.none());
      pool.prewarm(FRAMEWORK, SIZE).join();
    }

    /** One that waits no time at all, unless this thread has one already. */
    @Operation
    public String borrow(@Param(gen = ThreadIdGen.class) int thread) {
      if (held.containsKey(thread)) {
        return "has one";
      }
      Waiter waiter =
          new Waiter(
              FRAMEWORK,
              "count",
              Waiter.Kind.BORROWER,
              Deadline.after(Duration.ZERO, timer.nanoTime()),
              timer.nanoTime(),
              null);
      try {
        pool.enqueue(waiter);
      } catch (ClosedException e) {
        return "closed";
      }
      pool.reconsider(waiter);
      PooledContext context = waiter.context();
      if (context == null) {
        return waiter.failure() instanceof ClosedException ? "closed" : "none free";
      }
      held.put(thread, context);
      return "served";
    }

    @Operation
    public boolean giveBack(@Param(gen = ThreadIdGen.class) int thread) {
      PooledContext context = held.remove(thread);
      if (context == null) {
        return false;
      }
      pool.release(context, null);
      return true;
    }

    /** Calls, and does not wait for the end. */
    @Operation
    public boolean giveUp(@Param(gen = ThreadIdGen.class) int thread) {
      PooledContext context = held.remove(thread);
      if (context == null) {
        return false;
      }
      StubContext stub = (StubContext) context.context;
      stub.hold(Kind.CALL);
      Execution<?> work = stub.call("any");
      stub.release(Kind.CALL);
      context.running = work;
      pool.stop(context, work);
      work.whenDone((result, failure) -> pool.release(context, failure));
      return true;
    }

    /** Without waiting for what is on lease. */
    @Operation(runOnce = true)
    public void close() {
      Thread.currentThread().interrupt();
      try {
        pool.close();
      } catch (CallInterruptedException e) {
        assertThat(e).hasMessageContaining("running calls to end");
      } finally {
        boolean unused = Thread.interrupted();
      }
    }

    /** After each execution. */
    @Validate
    public void everyContextIsInOnePlace() {
      assertThat(held.values()).doesNotHaveDuplicates();
      int gone = made.stream().mapToInt(context -> context.parkings.get()).sum();
      roster.lock.lock();
      try {
        assertThat(roster.waiters).isEmpty();
        List<PooledContext> places = new ArrayList<>(roster.idle);
        places.addAll(held.values());
        assertThat(places).containsExactlyInAnyOrderElementsOf(roster.contexts);
        assertThat(roster.contexts.size() + gone).isEqualTo(SIZE);
        assertThat(pool.isClosed() ? roster.idle : List.of()).isEmpty();
      } finally {
        roster.lock.unlock();
      }
    }
  }

  @Test
  void everyOutcomeIsThatOfSomeOrder() {
    Linearizability.check(Contexts.class);
  }
}
