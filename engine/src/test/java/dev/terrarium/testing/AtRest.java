package dev.terrarium.testing;

import dev.terrarium.Stats;
import dev.terrarium.internal.pool.ContextPool;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Checks after each test that nothing was left behind: no context on lease, no caller in a queue,
 * no thread that makes contexts.
 */
public final class AtRest implements BeforeEachCallback, AfterEachCallback {

  private final List<Supplier<Stats.Pool>> pools = new ArrayList<>();
  private List<Thread> before = List.of();

  public AtRest() {}

  AtRest(Supplier<Stats.Pool> pool) {
    pools.add(pool);
  }

  /** Has this pool checked after the test. */
  public ContextPool watch(ContextPool pool) {
    pools.add(pool::stats);
    return pool;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    before = starters();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    for (Supplier<Stats.Pool> pool : pools) {
      Task.until("at rest: " + pool.get(), () -> isAtRest(pool.get()));
    }
    Task.until("all contexts are made", () -> before.containsAll(starters()));
  }

  /** Loading, checking and stopping end by themselves; a lease or a waiter does not. */
  private static boolean isAtRest(Stats.Pool stats) {
    return stats.starting() + stats.active() + stats.suspect() + stats.pending() == 0;
  }

  private static List<Thread> starters() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("terrarium-start"))
        .toList();
  }
}
