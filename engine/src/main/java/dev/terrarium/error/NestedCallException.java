package dev.terrarium.error;

/**
 * Thrown when a request from within a call (Python called Java, which called Terrarium) would wait
 * for that very call to end.
 */
public final class NestedCallException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public NestedCallException(String message) {
    super(message, null);
  }
}
