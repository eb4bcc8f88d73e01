package dev.terrarium.error;

/**
 * A framework's circuit breaker is open: its calls failed again and again, and none is tried until
 * the time that the message names.
 */
public final class CircuitOpenException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public CircuitOpenException(String message) {
    super(message, null);
  }
}
