package dev.terrarium.internal.call;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The part of a call that an {@link AdmittedCall} makes, and makes again when it failed and may be
 * repeated. The function makes one attempt, and ends the attempt of the call's permit. For one
 * call, on its calling thread.
 */
interface CallAttempt<T extends @Nullable Object> extends Function<AdmittedCall, T> {

  /** Returns whether the attempt that threw last may be made again. */
  boolean isRepeatable();

  /** Returns the failure of an attempt that returned, or null when the attempt succeeded. */
  default @Nullable Throwable failure() {
    return null;
  }
}
