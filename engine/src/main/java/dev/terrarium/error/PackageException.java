package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the Python packages cannot be read from the class path or unpacked to the cache
 * folder, or are damaged there and cannot be repaired.
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
