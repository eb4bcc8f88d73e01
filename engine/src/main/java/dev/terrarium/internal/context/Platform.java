package dev.terrarium.internal.context;

import dev.terrarium.error.UnsupportedPlatformException;

/** The platform on which this process runs. */
final class Platform {

  private Platform() {}

  /**
   * Checks that native Python extensions load on this platform; refuses others with a message of
   * one sentence.
   */
  static void check() {
    check(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  static void check(String os, String arch) {
    boolean linux = os.startsWith("Linux");
    boolean x64 = arch.equals("amd64") || arch.equals("x86_64");
    if (!linux || !x64) {
      throw new UnsupportedPlatformException(
          "Terrarium runs on Linux x86_64 only, because the native Python extensions that it"
              + " carries are built for it; this is "
              + os
              + " on "
              + arch
              + ".");
    }
  }
}
