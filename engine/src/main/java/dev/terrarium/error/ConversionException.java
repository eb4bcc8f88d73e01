package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * A value cannot cross between Java and Python. The path leads to it from the argument or the
 * result, as in {@code inputs.reviews[3].score}.
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

  /** Where the value stands, from the root of what was converted. */
  public String path() {
    return path;
  }

  /** What is wrong with it, without the path. */
  public String problem() {
    return problem;
  }
}
