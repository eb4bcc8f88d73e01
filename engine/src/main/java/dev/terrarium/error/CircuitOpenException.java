package dev.terrarium.error;

/**
 * Thrown when a framework's circuit breaker is open: the framework's calls failed again and again,
 * and no call is admitted until the time that the message names.
 */
public final class CircuitOpenException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public CircuitOpenException(String message) {
    super(message, null);
  }
}
