package dev.terrarium.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An exception raised by Python code. Its stack trace is the Python frames, innermost first; when a
 * call throws it, the Java frames of the caller follow.
 */
public final class PythonException extends TerrariumException {

  private static final long serialVersionUID = 1;

  /** The type of what is no Python exception, but a failure of the runtime below Python. */
  public static final String INTERNAL = "polyglot";

  private final String type;
  private final String pythonMessage;

  /**
   * @param type qualified name of the Python class, such as {@code ValueError} or {@code
   *     json.decoder.JSONDecodeError}
   * @param pythonMessage {@code str(exception)}, may be empty
   * @param frames Python frames, innermost first
   * @param cause the Java exception or Python {@code __cause__} behind it
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

  /** Qualified name of the Python class. */
  public String type() {
    return type;
  }

  /** The Python message alone, without the type. */
  public String pythonMessage() {
    return pythonMessage;
  }
}
