package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the calling thread is interrupted while it waits for a context or for a result; the
 * thread's interrupt flag is set again.
 */
public final class CallInterruptedException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public CallInterruptedException(String message) {
    this(message, null);
  }

  public CallInterruptedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
