package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a language model cannot be found, loaded or run, because its file is missing,
 * truncated or of another kind, the prompt does not fit, or no provider can open it.
 */
public final class ModelException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public ModelException(String message) {
    this(message, null);
  }

  public ModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
