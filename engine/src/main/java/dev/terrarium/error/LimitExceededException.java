package dev.terrarium.error;

/**
 * A framework has as much of a resource as its limits allow, and none of it can be given up,
 * because all is in use; or a session, all of them, or a body of HTTP would be larger than they may
 * be. The message carries the figures.
 */
public final class LimitExceededException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public LimitExceededException(String message) {
    super(message, null);
  }
}
