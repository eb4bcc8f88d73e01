package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a value cannot be converted between Java and Python. The path leads from the argument
 * or the result to the value, as in {@code inputs.reviews[3].score}.
 */
public final class ConversionException extends TerrariumException {

  private static final long serialVersionUID = 1;

  private final String path;
  private final String problem;

  public ConversionException(String path, String problem) {
    this(path, problem, null);
  }

  public ConversionException(String path, String problem, @Nullable Throwable cause) {
    super("At " + path + ": " + problem, cause);
    this.path = path;
    this.problem = problem;
  }

  /** Returns the path of the value, from the root of what was converted. */
  public String path() {
    return path;
  }

  /** Returns what is wrong with the value, without the path. */
  public String problem() {
    return problem;
  }
}
