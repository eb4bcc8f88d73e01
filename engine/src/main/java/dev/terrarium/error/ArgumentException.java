package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * A command was called with arguments that do not fit its signature: an unknown, a missing or an
 * empty one. The message names it and those that are accepted.
 */
public final class ArgumentException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public ArgumentException(String message) {
    this(message, null);
  }

  public ArgumentException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
