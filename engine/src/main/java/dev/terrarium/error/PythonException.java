package dev.terrarium.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when Python code raises an exception. The stack trace holds the Python frames, innermost
 * first; when a call throws the exception, the Java frames of the caller follow.
 */
public final class PythonException extends TerrariumException {

  private static final long serialVersionUID = 1;

  /**
   * The {@link #type} of a failure of the runtime below Python, which is not a Python exception.
   */
  public static final String INTERNAL = "polyglot";

  private final String type;
  private final String pythonMessage;

  /**
   * Creates the exception for one Python exception.
   *
   * @param type qualified name of the Python class, such as {@code ValueError} or {@code
   *     json.decoder.JSONDecodeError}
   * @param pythonMessage {@code str(exception)}, may be empty
   * @param frames Python frames, innermost first
   * @param cause the Java exception or the Python {@code __cause__} that caused the exception
   */
  public PythonException(
      String type,
      String pythonMessage,
      List<StackTraceElement> frames,
      @Nullable Throwable cause) {
    super(pythonMessage.isEmpty() ? type : type + ": " + pythonMessage, cause);
    this.type = type;
    this.pythonMessage = pythonMessage;
    setStackTrace(frames.toArray(StackTraceElement[]::new));
  }

  /** Returns the qualified name of the Python class. */
  public String type() {
    return type;
  }

  /** Returns the Python message alone, without the type. */
  public String pythonMessage() {
    return pythonMessage;
  }
}
