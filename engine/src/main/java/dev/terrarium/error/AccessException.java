package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a context is asked for something that its access profile does not grant, or when two
 * profiles contradict each other.
 */
public final class AccessException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public AccessException(String message) {
    this(message, null);
  }

  public AccessException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
