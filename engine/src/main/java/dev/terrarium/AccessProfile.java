package dev.terrarium;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The access that the Python code of a context has to its host; the constants are ordered from the
 * least access to the most. No profile grants processes, the environment variables of the host,
 * Java classes or other languages, and no profile limits memory or CPU time (docs/SECURITY.md).
 * Immutable.
 */
public enum AccessProfile {
  /**
   * Python reads only its own files and those of its packages, and has no network, threads or
   * native code.
   */
  RESTRICTED,

  /** Python has files, sockets and threads, but no native code. */
  TRUSTED,

  /**
   * Python has what {@link #TRUSTED} grants, and native extensions, which can do whatever the
   * process can.
   */
  TRUSTED_NATIVE;

  /** Returns whether this profile grants everything that the other profile grants. */
  public boolean grants(AccessProfile other) {
    return compareTo(other) >= 0;
  }

  /** Returns whether the profile lets native extensions be loaded. */
  public boolean nativeCode() {
    return this == TRUSTED_NATIVE;
  }

  /** Returns the profile's name in descriptors and messages, such as {@code trusted-native}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns the profile that {@link #word} names so, or empty when no profile has that name. */
  public static Optional<AccessProfile> ofWord(String word) {
    return Arrays.stream(values()).filter(profile -> profile.word().equals(word)).findFirst();
  }
}
