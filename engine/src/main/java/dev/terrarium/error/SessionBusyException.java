package dev.terrarium.error;

/**
 * Thrown when a call did not get its turn in its session within the borrow time-out, because an
 * earlier turn lasted longer. The message names the call that has the turn. No context was
 * acquired.
 */
public final class SessionBusyException extends BorrowTimeoutException {

  private static final long serialVersionUID = 1;

  public SessionBusyException(String message) {
    super(message, null);
  }
}
