package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the arguments of a command do not fit its signature: an argument is unknown, missing
 * or empty. The message names the argument and those that the command accepts.
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
