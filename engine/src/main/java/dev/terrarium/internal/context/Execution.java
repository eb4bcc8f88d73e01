package dev.terrarium.internal.context;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The execution of a piece of work that was given to a context. Thread-safe.
 *
 * @param <T> the type of the work's result
 */
public interface Execution<T extends @Nullable Object> {

  /**
   * Returns a future that is completed when the context's carrier has left the work. The future
   * fails with a {@link java.util.concurrent.CancellationException} when the work was stopped.
   */
  CompletableFuture<T> result();

  /** Runs the action with the result or the failure, when the carrier has left the work. */
  default void whenDone(BiConsumer<? super @Nullable T, ? super @Nullable Throwable> action) {
    CompletableFuture<?> unused = result().whenComplete(action);
  }

  /**
   * Requests that the work stops, and returns at once. The work stops at its next Python
   * instruction; a long built-in or native call ends first. Later work of the context is never
   * affected.
   */
  void interrupt();
}
