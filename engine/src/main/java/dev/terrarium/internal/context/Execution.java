package dev.terrarium.internal.context;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of work that a context was given. Thread-safe.
 *
 * @param <T> what it results in
 */
public interface Execution<T extends @Nullable Object> {

  /**
   * Done when the context's carrier has left the work. Ends with a {@link
   * java.util.concurrent.CancellationException} when it was stopped.
   */
  CompletableFuture<T> result();

  /** Runs the action with the result or the failure, when the carrier has left the work. */
  default void whenDone(BiConsumer<? super @Nullable T, ? super @Nullable Throwable> action) {
    CompletableFuture<?> unused = result().whenComplete(action);
  }

  /**
   * Asks it to stop, and returns at once. It stops at the next Python instruction; one long
   * built-in or native call ends first. What the context does later is never hit.
   */
  void interrupt();
}
