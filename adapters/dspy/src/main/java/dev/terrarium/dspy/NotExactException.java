package dev.terrarium.dspy;

/** Here Java's rules end: only DSPy knows. Means no fault, so it has no stack trace. */
final class NotExactException extends Exception {

  private static final long serialVersionUID = 1;

  NotExactException() {
    super(null, null, false, false);
  }

  NotExactException(Throwable cause) {
    super(null, cause, false, false);
  }
}
