package dev.terrarium.jmh;

import dev.terrarium.AccessProfile;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.context.PythonContext;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.pool.MemoryLimit;
import dev.terrarium.internal.pool.PoolSettings;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A context with every framework and without Python, for benchmarks of the pool alone. */
public record StubContext(AccessProfile profile) implements PythonContext {

  /** The framework for which benchmarks acquire a context. */
  public static final BridgeSource FRAMEWORK =
      new BridgeSource.Source("stub", AccessProfile.TRUSTED, true, "", "stub.py");

  /** Returns a pool with that many contexts, all of which exist already. */
  public static ContextPool pool(int contexts) {
    ContextPool pool =
        new ContextPool(
            StubContext::new,
            AccessProfile.TRUSTED,
            PoolSettings.of(contexts, contexts),
            MemoryLimit.none(),
            Events.none());
    pool.ready().join();
    return pool;
  }

  @Override
  public String name() {
    return "stub";
  }

  @Override
  public boolean isReady(String framework, @Nullable String command) {
    return true;
  }

  @Override
  public boolean isAttached(String framework) {
    return true;
  }

  @Override
  public Execution<OptionalLong> measure() {
    return Done.with(OptionalLong.empty());
  }

  @Override
  public boolean needsNoLoad(String framework, String command) {
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
  public <T extends @Nullable Object> Execution<T> runWithin(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around) {
    return run(framework, work, around);
  }

  @Override
  public Execution<@Nullable Void> cleanUp(String framework) {
    return nothing();
  }

  @Override
  public Execution<HealthStatus> check() {
    return Done.with(HealthStatus.SOUND);
  }

  @Override
  public Execution<HealthStatus> reset() {
    return check();
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

  /** An execution that has ended already. */
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
}
