package dev.terrarium.packaging;

import java.util.Locale;
import java.util.Map;

/**
 * One locked distribution.
 *
 * @param sha256 of its only file, in hex
 * @param recipe what to take from a source distribution; empty for wheels
 */
record Requirement(String name, String version, String sha256, Map<String, String> recipe) {

  /** As pip reads it, with its hash. */
  String locked() {
    return pinned() + " --hash=sha256:" + sha256;
  }

  /** As pip reads it, without a hash. */
  String pinned() {
    return name + "==" + version;
  }

  Requirement withSha256(String other) {
    return new Requirement(name, version, other, recipe);
  }

  /** Whether a wheel or a source archive of this name is this distribution's. */
  boolean names(String fileName) {
    return normalized(fileName).startsWith(normalized(name) + "-" + normalized(version) + "-");
  }

  /** The name as package registries compare it. */
  static String normalized(String name) {
    return name.replaceAll("[-_.]+", "-").toLowerCase(Locale.ROOT);
  }
}
