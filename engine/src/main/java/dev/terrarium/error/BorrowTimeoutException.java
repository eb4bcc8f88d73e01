package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * No context became free within the borrow time-out, or the call's turn in its session did not
 * come: a {@link SessionBusyException}. The message carries the figures.
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
