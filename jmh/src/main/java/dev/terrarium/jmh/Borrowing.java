package dev.terrarium.jmh;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.context.BridgeSource;
import dev.terrarium.context.Commands;
import dev.terrarium.context.Condition;
import dev.terrarium.context.Execution;
import dev.terrarium.context.PythonContext;
import dev.terrarium.event.Events;
import dev.terrarium.pool.ContextLease;
import dev.terrarium.pool.ContextPool;
import dev.terrarium.pool.Deadline;
import dev.terrarium.pool.MemoryLimit;
import dev.terrarium.pool.PoolSettings;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * The pool without Python: two contexts that do nothing, borrowed and given back by so many
 * threads. The average time is what one thread waits, the others' turns included.
 */
@State(Scope.Benchmark)
@BenchmarkMode({Mode.Throughput, Mode.AverageTime})
public class Borrowing extends Microbenchmark {

  private static final BridgeSource FRAMEWORK =
      new BridgeSource.Source("stub", AccessProfile.TRUSTED, true, "", "stub.py");

  private final ContextPool pool =
      new ContextPool(
          Stub::new,
          AccessProfile.TRUSTED,
          PoolSettings.of(2, 2),
          MemoryLimit.none(),
          Events.none());

  @Setup(Level.Trial)
  public void start() {
    pool.ready().join();
  }

  @TearDown(Level.Trial)
  public void stop() {
    pool.close();
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
    try (ContextLease lease = pool.borrow(FRAMEWORK, "nothing", Deadline.none())) {
      return lease.name();
    }
  }

  /** Work that is done already. */
  private record Done<T extends @Nullable Object>(CompletableFuture<T> result)
      implements Execution<T> {

    static <T extends @Nullable Object> Done<T> with(T value) {
      return new Done<>(CompletableFuture.completedFuture(value));
    }

    @Override
    public void interrupt() {
      throw new IllegalStateException("there is nothing to stop");
    }
  }

  /** A context with every framework and no Python. */
  private record Stub(AccessProfile profile) implements PythonContext {

    @Override
    public String name() {
      return "stub";
    }

    @Override
    public boolean isReady(String framework, @Nullable String command) {
      return true;
    }

    @Override
    public Execution<OptionalLong> measure() {
      return Done.with(OptionalLong.empty());
    }

    @Override
    public boolean isQuick(String framework, String command) {
      return true;
    }

    @Override
    public boolean isIdempotent(String framework, String command) {
      return true;
    }

    @Override
    public Execution<@Nullable Void> prepare(BridgeSource framework, @Nullable String command) {
      return nothing();
    }

    @Override
    public <T extends @Nullable Object> Execution<T> run(
        String framework, Function<Commands, T> work, UnaryOperator<Runnable> around) {
      throw new IllegalStateException("only borrowing is measured");
    }

    @Override
    public Execution<@Nullable Void> cleanUp(String framework) {
      return nothing();
    }

    @Override
    public Execution<Condition> heal() {
      return Done.with(Condition.SOUND);
    }

    @Override
    public Execution<Condition> reset() {
      return heal();
    }

    @Override
    public CompletableFuture<@Nullable Void> park() {
      return nothing().result();
    }

    @Override
    public void retire() {}

    @SuppressWarnings("NullAway") // null is the one value of Void
    private static Done<@Nullable Void> nothing() {
      return Done.<@Nullable Void>with(null);
    }
  }
}
