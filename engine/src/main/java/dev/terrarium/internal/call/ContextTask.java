package dev.terrarium.internal.call;

import dev.terrarium.internal.context.Commands;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a visit to a context does there. It is applied on the carrier, and asked for the rest on the
 * calling thread when it has returned or thrown.
 */
@FunctionalInterface
interface ContextTask<T extends @Nullable Object> extends Function<Commands, T> {

  /** What went wrong within work that returned; null when all is well. */
  default @Nullable Throwable failure() {
    return null;
  }

  /** Whether work that threw may be run anew, because nobody has seen anything of it. */
  default boolean isRepeatable() {
    return true;
  }
}
