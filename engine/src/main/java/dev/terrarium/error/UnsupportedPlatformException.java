package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown on a platform other than Linux x86_64, the only one on which Terrarium runs native Python
 * extensions.
 */
public final class UnsupportedPlatformException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public UnsupportedPlatformException(String message) {
    this(message, null);
  }

  public UnsupportedPlatformException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
