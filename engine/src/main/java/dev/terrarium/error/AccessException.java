package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * A context was asked for something that its access profile does not grant, or two profiles clash.
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
