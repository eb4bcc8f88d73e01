package dev.terrarium.error;

/**
 * Thrown when Python calls a callback that it kept from a call that has ended. Python code sees
 * this exception as the cause of a {@code HostCallError}.
 */
public final class CallbackEndedException extends TerrariumException {

  private static final long serialVersionUID = 1;

  /**
   * Creates the exception for one callback.
   *
   * @param path where the callback was passed, such as {@code args.metric}
   */
  public CallbackEndedException(String path) {
    super(
        "The function '"
            + path
            + "' ended with the call that it was passed to. Pass it with each call that uses it.",
        null);
  }
}
