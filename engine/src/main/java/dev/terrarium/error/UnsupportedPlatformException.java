package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/** Terrarium runs native Python extensions on Linux x86_64 only, and this is something else. */
public final class UnsupportedPlatformException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public UnsupportedPlatformException(String message) {
    this(message, null);
  }

  public UnsupportedPlatformException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
