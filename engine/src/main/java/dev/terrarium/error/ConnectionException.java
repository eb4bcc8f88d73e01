package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a request to another machine or process gets no answer: it could not be reached or
 * started, did not answer in time, broke the connection off, or ended. The message names the
 * machine or the process, but not the request.
 */
public final class ConnectionException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public ConnectionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
