package dev.terrarium.error;

/**
 * Thrown when a framework's limits allow it no more of a resource and none of the resource can be
 * released, because all of it is in use; when a session, all sessions together, or an HTTP body
 * would exceed their maximum size; when an agent still calls tools after its last step; or when
 * code that a language model wrote runs for too long, fills the heap, or finds no free code
 * context. The message carries the figures.
 */
public final class LimitExceededException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public LimitExceededException(String message) {
    super(message, null);
  }
}
