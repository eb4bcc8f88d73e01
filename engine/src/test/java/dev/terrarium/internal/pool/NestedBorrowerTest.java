package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.B;
import static dev.terrarium.internal.pool.PoolBench.C;
import static dev.terrarium.internal.pool.PoolBench.framework;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.NestedCallException;
import dev.terrarium.internal.context.BridgeSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How a call within a call gets a context. */
@SuppressWarnings("try") // a lease is held here, not used
class NestedBorrowerTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  private Waiter askWithin(BridgeSource framework) {
    Waiter waiter = bench.waiter(framework, "count", Waiter.Kind.NESTED, Deadline.none());
    bench.pool().enqueue(waiter);
    return waiter;
  }

  @Test
  void takesAnotherContextThatIsFree() {
    bench.open(2, 2);
    bench.warm(A, B);
    try (ContextLease outer = bench.borrow(A);
        ContextLease inner = bench.lease(askWithin(C))) {
      assertThat(inner.name()).isEqualTo("context-1");
    }
  }

  @Test
  void hasAContextMade() {
    bench.open(1, 2);
    try (ContextLease outer = bench.borrow(A);
        ContextLease inner = bench.lease(askWithin(B))) {
      assertThat(inner.name()).isEqualTo("context-1");
    }
  }

  @Test
  void getsTheContextThatIsMadeForItBeforeThoseWhoWait() {
    bench.open(1, 2);
    bench.makers.hold();
    try (ContextLease outer = bench.borrow(A)) {
      Waiter inner = askWithin(B);
      Waiter other = bench.ask(C);
      bench.makers.runAll();
      assertThat(other.isWaiting()).isTrue();
      bench.lease(inner).close();
      bench.lease(other).close();
    }
  }

  @Test
  void doesNotWaitForOthers() {
    bench.open(1, 1);
    try (ContextLease outer = bench.borrow(A)) {
      assertThatThrownBy(() -> askWithin(B))
          .isInstanceOf(NestedCallException.class)
          .hasMessageContaining("A call of 'b' from within a call needs another context")
          .hasMessageContaining("total=1, starting=0, active=1, idle=0, pending=0")
          .hasMessageContaining("Raise the number of contexts");
    }
    assertThat(bench.stats().pendingByFramework()).isEmpty();
  }
}
