package dev.terrarium.jmh;

import dev.terrarium.internal.pool.ContextLease;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.pool.Deadline;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * The pool without Python: contexts that do nothing, borrowed and given back by so many threads.
 * The average time is what one thread waits, the others' turns included.
 */
@State(Scope.Benchmark)
@BenchmarkMode({Mode.Throughput, Mode.AverageTime})
public class Borrowing extends Microbenchmark {

  /** In the pool. */
  @Param({"1", "8", "64"})
  public int contexts = 1;

  private @Nullable ContextPool pool;

  @Setup(Level.Trial)
  public void start() {
    pool = StubContext.pool(contexts);
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (pool != null) {
      pool.close();
    }
  }

  @Benchmark
  @Threads(1)
  public String threads01() {
    return borrow();
  }

  @Benchmark
  @Threads(8)
  public String threads08() {
    return borrow();
  }

  @Benchmark
  @Threads(64)
  public String threads64() {
    return borrow();
  }

  private String borrow() {
    try (ContextLease lease =
        Objects.requireNonNull(pool).borrow(StubContext.FRAMEWORK, "nothing", Deadline.none())) {
      return lease.name();
    }
  }
}
