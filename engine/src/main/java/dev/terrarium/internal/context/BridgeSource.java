package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import java.util.List;

/** The source of a framework's bridge, and the framework's requirements of a context. Immutable. */
public sealed interface BridgeSource
    permits BridgeSource.Packaged, BridgeSource.Source, BridgeSource.SourcePackage, WatchedSource {

  /** Returns the framework's name. */
  String name();

  /**
   * Returns the framework's access profile; the framework runs only in contexts of that profile.
   */
  AccessProfile profile();

  /** Returns whether the framework can share a context with other frameworks that can. */
  boolean sharesContext();

  /**
   * Returns the packages that the framework's contexts have; the framework runs only in contexts of
   * that set.
   */
  default PackageSet packageSet() {
    return PackageSet.SHARED;
  }

  /**
   * A bridge class in a Python module of packages on the class path.
   *
   * @param packages names of the package archives to put on {@code sys.path}, the framework's own
   *     first
   */
  record Packaged(
      String name,
      AccessProfile profile,
      boolean sharesContext,
      PackageSet packageSet,
      List<String> packages,
      String module,
      String className)
      implements BridgeSource {}

  /** A bridge class in a Python source text. */
  record Source(
      String name,
      AccessProfile profile,
      boolean sharesContext,
      PackageSet packageSet,
      String text,
      String filename)
      implements BridgeSource {

    /** Creates the source of a framework without packages of its own. */
    public Source(
        String name, AccessProfile profile, boolean sharesContext, String text, String filename) {
      this(name, profile, sharesContext, PackageSet.SHARED, text, filename);
    }

    /** Returns a description without the text. */
    @Override
    public String toString() {
      return "Source[name=" + name + ", profile=" + profile + ", filename=" + filename + "]";
    }
  }

  /** A bridge class in a Python package of the user's own. */
  record SourcePackage(
      String name,
      AccessProfile profile,
      boolean sharesContext,
      PackageSet packageSet,
      PackageSources files)
      implements BridgeSource {}
}
