package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a framework was not loaded within the load time-out. Loading goes on, so a later call
 * may find the framework loaded.
 */
public final class LoadTimeoutException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public LoadTimeoutException(String message) {
    this(message, null);
  }

  public LoadTimeoutException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
