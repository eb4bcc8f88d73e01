package dev.terrarium.dspy.internal.frozen;

/**
 * Thrown where Java's rules do not cover a value, so that DSPy has to decide. Not a fault, and so
 * without a stack trace.
 */
public final class NotExactException extends Exception {

  private static final long serialVersionUID = 1;

  NotExactException() {
    super(null, null, false, false);
  }

  NotExactException(Throwable cause) {
    super(null, cause, false, false);
  }
}
