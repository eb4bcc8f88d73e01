package dev.terrarium.context;

/** Where a framework's bridge comes from. */
public sealed interface BridgeSource {

  /** The framework's name. */
  String name();

  /**
   * A bridge class in a Python module of packages on the class path.
   *
   * @param packages name of the package archive to put on {@code sys.path}
   */
  record Packaged(String name, String packages, String module, String className)
      implements BridgeSource {}

  /** A bridge class in one Python source text. */
  record Source(String name, String text, String filename) implements BridgeSource {}
}
