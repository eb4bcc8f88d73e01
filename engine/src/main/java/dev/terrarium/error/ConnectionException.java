package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a request to another machine gets no answer: the machine could not be reached, did
 * not answer in time, or broke the connection off. The message names the machine, but not the
 * request.
 */
public final class ConnectionException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public ConnectionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
