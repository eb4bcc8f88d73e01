package dev.terrarium.error;

/**
 * Thrown when a tool threw an exception, which is the cause, and the tool's failure is to end the
 * call; see {@link dev.terrarium.tool.Tool.OnFailure}.
 */
public final class ToolException extends TerrariumException {

  private static final long serialVersionUID = 1;

  private final String tool;
  private final String reason;

  public ToolException(String tool, Exception cause) {
    super("The tool '" + tool + "' failed: " + cause, cause);
    this.tool = tool;
    String message = cause.getMessage();
    reason = message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
  }

  /** Returns the name of the tool. */
  public String tool() {
    return tool;
  }

  /** Returns the message of the tool's exception, or the exception's class if it has none. */
  public String reason() {
    return reason;
  }
}
