package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * The Python packages could not be read from the class path, unpacked to the cache folder, or are
 * damaged there and could not be repaired.
 */
public final class PackageException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public PackageException(String message) {
    this(message, null);
  }

  public PackageException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
