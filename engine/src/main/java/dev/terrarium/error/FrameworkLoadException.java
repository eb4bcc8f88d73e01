package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a framework's packages or its bridge cannot be loaded into a context. The cause is
 * the Python exception.
 */
public final class FrameworkLoadException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public FrameworkLoadException(String message) {
    this(message, null);
  }

  public FrameworkLoadException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
