package dev.terrarium.internal.admission;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A permit to make a call, which may take several attempts; the first attempt has begun. For one
 * thread, except {@link #accept}, which is thread-safe.
 */
public sealed interface Permit extends LongConsumer permits Gate.Ticket, Gate.Metered, Gate.Open {

  /** Returns the permit that checks and counts nothing. */
  static Permit open() {
    return Gate.Open.PERMIT;
  }

  /** Charges tokens of a language model to the caller's key. */
  @Override
  void accept(long tokens);

  /**
   * Ends an attempt.
   *
   * @param failure the exception with which the attempt failed, or null for a result
   */
  void end(@Nullable Throwable failure);

  /**
   * Waits after a failed attempt as is configured, and begins another attempt.
   *
   * @param failure the failure of an attempt that may be retried; if the next attempt is refused,
   *     the refusal is added to it
   * @return whether another attempt has begun
   * @throws CallTimeoutException when the deadline passes before the attempt is admitted
   * @throws CallInterruptedException when the calling thread is interrupted, whose interrupt flag
   *     is set again
   */
  boolean again(Throwable failure);
}
