package dev.terrarium.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.pool.ContextPool;
import dev.terrarium.pool.PoolStats;
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

  private final List<Supplier<PoolStats>> pools = new ArrayList<>();
  private List<Thread> before = List.of();

  public AtRest() {}

  AtRest(Supplier<PoolStats> pool) {
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
    for (Supplier<PoolStats> pool : pools) {
      check(pool.get());
    }
    Task.until("all contexts are made", () -> before.containsAll(starters()));
  }

  private static void check(PoolStats stats) {
    assertThat(stats.active()).as("active in %s", stats).isZero();
    assertThat(stats.pending()).as("pending in %s", stats).isZero();
  }

  private static List<Thread> starters() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("terrarium-start-"))
        .toList();
  }
}
