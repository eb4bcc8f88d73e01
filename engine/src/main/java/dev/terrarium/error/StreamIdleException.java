package dev.terrarium.error;

/**
 * Thrown when a stream's subscriber requested nothing for too long: the stream was ended, and its
 * context released.
 */
public final class StreamIdleException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public StreamIdleException(String message) {
    super(message, null);
  }
}
