package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;

/** Where a framework's bridge comes from, and what it asks of a context. Immutable. */
public sealed interface BridgeSource {

  /** The framework's name. */
  String name();

  /** What its context lets it do; it runs in contexts of just this profile. */
  AccessProfile profile();

  /** Whether it can live in a context beside other frameworks that can. */
  boolean sharesContext();

  /**
   * A bridge class in a Python module of packages on the class path.
   *
   * @param packages name of the package archive to put on {@code sys.path}
   */
  record Packaged(
      String name,
      AccessProfile profile,
      boolean sharesContext,
      String packages,
      String module,
      String className)
      implements BridgeSource {}

  /** A bridge class in one Python source text. */
  record Source(
      String name, AccessProfile profile, boolean sharesContext, String text, String filename)
      implements BridgeSource {

    /** Without the text. */
    @Override
    public String toString() {
      return "Source[name=" + name + ", profile=" + profile + ", filename=" + filename + "]";
    }
  }
}
