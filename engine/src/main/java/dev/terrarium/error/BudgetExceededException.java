package dev.terrarium.error;

/**
 * Thrown when the caller's key has used up its calls or tokens of the current period. The message
 * says how many it used, and when the next period begins.
 */
public final class BudgetExceededException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public BudgetExceededException(String message) {
    super(message, null);
  }
}
