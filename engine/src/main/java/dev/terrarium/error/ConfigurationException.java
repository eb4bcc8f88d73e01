package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a setting is out of range, or when two settings or registrations contradict each
 * other.
 */
public final class ConfigurationException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public ConfigurationException(String message) {
    this(message, null);
  }

  public ConfigurationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
