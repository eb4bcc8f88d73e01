package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when no context became free within the borrow time-out, or, as a {@link
 * SessionBusyException}, when the call did not get its turn in its session. The message carries the
 * pool's figures.
 */
public sealed class BorrowTimeoutException extends TerrariumException permits SessionBusyException {

  private static final long serialVersionUID = 1;

  public BorrowTimeoutException(String message) {
    this(message, null);
  }

  public BorrowTimeoutException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
