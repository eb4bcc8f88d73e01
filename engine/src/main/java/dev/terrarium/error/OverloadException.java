package dev.terrarium.error;

/**
 * As many calls of a framework run as may at once, and the queue before them is full, or the wait
 * in it took too long. The message carries the figures.
 */
public final class OverloadException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public OverloadException(String message) {
    super(message, null);
  }
}
