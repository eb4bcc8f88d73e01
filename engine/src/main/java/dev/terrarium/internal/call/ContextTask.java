package dev.terrarium.internal.call;

import dev.terrarium.internal.context.Commands;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The work of a visit to a context. The function is applied on the carrier; the other methods are
 * called on the calling thread, after the function has returned or thrown.
 */
@FunctionalInterface
interface ContextTask<T extends @Nullable Object> extends Function<Commands, T> {

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
