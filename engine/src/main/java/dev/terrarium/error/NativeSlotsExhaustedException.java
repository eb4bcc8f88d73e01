package dev.terrarium.error;

/**
 * Thrown when the process has used all its native slots, so that no further context with native
 * code can be made.
 */
public final class NativeSlotsExhaustedException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public NativeSlotsExhaustedException(int limit) {
    super(
        "All "
            + limit
            + " native slots of this process are used; a context for native extensions cannot be"
            + " made. Use fewer contexts, close what you do not need so that its contexts are"
            + " used again, or raise -Dpython.MaximumNumberOfCextCopies.",
        null);
  }
}
