package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a call passes its deadline. The call's Python code is being stopped, and its context
 * is checked before another call can acquire it.
 */
public final class CallTimeoutException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public CallTimeoutException(String message) {
    this(message, null);
  }

  public CallTimeoutException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
