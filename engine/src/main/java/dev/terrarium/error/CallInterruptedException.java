package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * The calling thread was interrupted while it waited for a context or for a result; its interrupt
 * flag is set again.
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
