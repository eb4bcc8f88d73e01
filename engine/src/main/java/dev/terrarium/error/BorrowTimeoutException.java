package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/** No context became free within the borrow time-out. The message carries the pool's figures. */
public final class BorrowTimeoutException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public BorrowTimeoutException(String message) {
    this(message, null);
  }

  public BorrowTimeoutException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
