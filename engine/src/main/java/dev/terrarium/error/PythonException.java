package dev.terrarium.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An exception raised by Python code. Its stack trace starts with the Python frames, innermost
 * first, and goes on with the Java frames of the call.
 */
public final class PythonException extends TerrariumException {

  private static final long serialVersionUID = 1;

  private final String type;
  private final String pythonMessage;

  /**
   * @param type qualified name of the Python class, such as {@code ValueError} or {@code
   *     dspy.utils.exceptions.AdapterParseError}
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
    StackTraceElement[] java = getStackTrace();
    StackTraceElement[] all = new StackTraceElement[frames.size() + java.length];
    for (int i = 0; i < frames.size(); i++) {
      all[i] = frames.get(i);
    }
    System.arraycopy(java, 0, all, frames.size(), java.length);
    setStackTrace(all);
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
