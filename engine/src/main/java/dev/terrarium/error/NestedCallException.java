package dev.terrarium.error;

/**
 * Something was asked for from within a call (Python called Java, which called Terrarium) that
 * would wait for that very call to end.
 */
public final class NestedCallException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public NestedCallException(String message) {
    super(message, null);
  }
}
