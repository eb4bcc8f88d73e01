package dev.terrarium.error;

/**
 * Python called a Java function that it had kept from a call that has ended. Python code sees it as
 * the cause of a {@code HostCallError}.
 */
public final class CallbackEndedException extends TerrariumException {

  private static final long serialVersionUID = 1;

  /**
   * @param path where the function was passed, such as {@code args.metric}
   */
  public CallbackEndedException(String path) {
    super(
        "The function '"
            + path
            + "' ended with the call that it was passed to. Pass it with each call that uses it.",
        null);
  }
}
