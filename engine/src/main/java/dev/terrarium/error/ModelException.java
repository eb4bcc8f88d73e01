package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * A language model could not be found, loaded or run: missing, truncated or foreign file, a prompt
 * that does not fit, a provider that does not exist.
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
