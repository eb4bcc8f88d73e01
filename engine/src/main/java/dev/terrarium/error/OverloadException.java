package dev.terrarium.error;

/**
 * Thrown when the maximum number of a framework's calls are running, and the queue before them is
 * full or the wait in the queue took too long. The message carries the figures.
 */
public final class OverloadException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public OverloadException(String message) {
    super(message, null);
  }
}
