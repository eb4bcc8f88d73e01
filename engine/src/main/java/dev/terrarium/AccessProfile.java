package dev.terrarium;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * What the Python code of a context may reach, from least to most. No profile grants processes, the
 * environment variables of the host, Java classes or other languages; and none limits memory or CPU
 * time (docs/SECURITY.md). Immutable.
 */
public enum AccessProfile {
  /** Reads no files but Python's own and its packages; no network, no threads, no native code. */
  RESTRICTED,

  /** Files, sockets and threads; no native code. */
  TRUSTED,

  /** As {@link #TRUSTED}, and native extensions, which can do whatever the process can. */
  TRUSTED_NATIVE;

  /** Whether all that the other profile grants is granted by this one. */
  public boolean grants(AccessProfile other) {
    return compareTo(other) >= 0;
  }

  /** Whether native extensions may be loaded. */
  public boolean nativeCode() {
    return this == TRUSTED_NATIVE;
  }

  /** The profile as descriptors and messages write it, such as {@code trusted-native}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The profile of that word, if there is one. */
  public static Optional<AccessProfile> ofWord(String word) {
    return Arrays.stream(values()).filter(profile -> profile.word().equals(word)).findFirst();
  }
}
