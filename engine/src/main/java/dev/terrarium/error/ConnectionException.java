package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * A request to another machine got no answer: it could not be reached, did not answer in time, or
 * broke off. The message names the machine, and not what was asked.
 */
public final class ConnectionException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public ConnectionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
