package dev.terrarium.internal.call;

import dev.terrarium.internal.context.Commands;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The work of a visit to a context. The function is applied on the carrier; the other methods are
 * called on the calling thread, {@link #failure} and {@link #isRepeatable} after the function has
 * returned or thrown.
 */
interface ContextTask<T extends @Nullable Object> extends Function<Commands, T> {

  /** Returns the task's name in messages and for observers. */
  String name();

  /**
   * Returns the command for which the context must be ready; null for a context in which the
   * framework is loaded.
   */
  @Nullable String command();

  /** Returns the failure of work that returned, or null when the work succeeded. */
  default @Nullable Throwable failure() {
    return null;
  }

  /**
   * Returns whether work that threw may be run again, because nobody has seen any of its effects.
   */
  default boolean isRepeatable() {
    return true;
  }
}
