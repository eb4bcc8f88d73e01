package dev.terrarium.internal.admission;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Leave to make a call, which may take several attempts; the first one has begun. For one thread,
 * but for {@link #accept}, which is thread-safe.
 */
public sealed interface Permit extends LongConsumer permits Gate.Ticket, Gate.Metered, Gate.Open {

  /** Leave that nothing depends on. */
  static Permit open() {
    return Gate.Open.PERMIT;
  }

  /** Charges tokens of a language model to the caller's key. */
  @Override
  void accept(long tokens);

  /**
   * Ends an attempt.
   *
   * @param failure what it failed with, null for a result
   */
  void end(@Nullable Throwable failure);

  /**
   * After an attempt has failed: waits as is configured, and begins another one.
   *
   * @param failure of an attempt that may be made again; a refusal of another one is added to it
   * @return whether it has begun
   * @throws CallTimeoutException when the deadline passes before it is let in
   * @throws CallInterruptedException when the calling thread is interrupted; so it is then
   */
  boolean again(Throwable failure);
}
