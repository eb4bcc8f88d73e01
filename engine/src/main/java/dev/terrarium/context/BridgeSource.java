package dev.terrarium.context;

/** Where a framework's bridge comes from, and what it may reach. Immutable. */
public sealed interface BridgeSource {

  /** The framework's name. */
  String name();

  /** What a context must grant for the framework to run there. */
  AccessProfile profile();

  /**
   * A bridge class in a Python module of packages on the class path.
   *
   * @param packages name of the package archive to put on {@code sys.path}
   */
  record Packaged(
      String name, AccessProfile profile, String packages, String module, String className)
      implements BridgeSource {}

  /** A bridge class in one Python source text. */
  record Source(String name, AccessProfile profile, String text, String filename)
      implements BridgeSource {}
}
