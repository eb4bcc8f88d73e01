package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/** Thrown when the pool or the Terrarium was closed before the call, or while the call waited. */
public final class ClosedException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public ClosedException(String message) {
    this(message, null);
  }

  public ClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
