package dev.terrarium.error;

/**
 * The caller's key has used up its calls or tokens of this period. The message says how many, and
 * when the next period begins.
 */
public final class BudgetExceededException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public BudgetExceededException(String message) {
    super(message, null);
  }
}
