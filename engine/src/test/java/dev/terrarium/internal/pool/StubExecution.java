package dev.terrarium.internal.pool;

import dev.terrarium.internal.context.Execution;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Work in a {@link StubContext}: the test ends it, well or not. */
final class StubExecution<T extends @Nullable Object> implements Execution<T> {

  enum Kind {
    PREPARE,
    CALL,
    CLEAN_UP,
    CHECK,
    MEASURE,
    RESET
  }

  final Kind kind;
  final AtomicInteger interrupts = new AtomicInteger();

  private final boolean obeys;
  private final Supplier<T> effect;
  private final CompletableFuture<T> result = new CompletableFuture<>();

  /**
   * @param obeys whether it stops when it is asked to
   * @param effect what it does to its context, and results in
   */
  StubExecution(Kind kind, boolean obeys, Supplier<T> effect) {
    this.kind = kind;
    this.obeys = obeys;
    this.effect = effect;
  }

  /** Ends as it should. */
  void end() {
    T value;
    try {
      value = effect.get();
    } catch (RuntimeException | Error e) {
      result.completeExceptionally(e);
      return;
    }
    result.complete(value);
  }

  void fail(Throwable reason) {
    result.completeExceptionally(reason);
  }

  /** Ends as what was asked to stop does. */
  void stop() {
    fail(new CancellationException("stopped"));
  }

  @Override
  public CompletableFuture<T> result() {
    return result;
  }

  @Override
  public void interrupt() {
    interrupts.incrementAndGet();
    if (obeys) {
      stop();
    }
  }
}
