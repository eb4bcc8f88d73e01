package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * GraalPy's Python home without what an embedded Python never needs, compiled, and beside it what
 * only building needs: the C headers, and what GraalPy changes in C sources.
 */
record PythonHome(Path folder) {

  private static final Pattern NEVER_NEEDED =
      Pattern.compile(
          "[^/]+" // files at the top, for building native images
              + "|include/.*"
              + "|lib/python3\\.\\d+/(test|idlelib|lib2to3|turtledemo|tkinter|ensurepip|msilib"
              + "|pydoc_data|site-packages|__phello__)/.*"
              + "|lib/python3\\.\\d+/turtle\\.py"
              + "|lib/graalpy[^/]+/(patches|modules/standalone)/.*"
              + "|lib/graalpy[^/]+/(pip_hook|modules/graalpy-config|modules/autopatch_capi)\\.py"
              + "|lib/graalpy[^/]+/modules/_(test|ctypes_test)[^/]*\\.so"
              + "|(.*/)?__pycache__/.*");

  /** The files that are kept beside the home. */
  private static final Pattern FOR_BUILDING =
      Pattern.compile("include/.*|lib/graalpy[^/]+/(patches/.*|modules/autopatch_capi\\.py)");

  /** Makes one in an empty folder. */
  static void make(Path folder, GraalPy graalPy) throws IOException {
    Path all = folder.resolve("all");
    graalPy.unpackHome(all);
    FileTrees.copy(all, folder.resolve("home"), name -> !NEVER_NEEDED.matcher(name).matches());
    FileTrees.copy(all, folder, name -> FOR_BUILDING.matcher(name).matches());
    Path home = folder.resolve("home");
    List<String> files =
        FileTrees.list(home).keySet().stream().filter(name -> name.endsWith(".py")).toList();
    List<String> failures = graalPy.compile(all, home, files);
    if (!failures.isEmpty()) {
      throw new PackagingException("GraalPy cannot compile its own " + failures.getFirst());
    }
    FileTrees.delete(all);
  }

  Path home() {
    return folder.resolve("home");
  }

  Path headers() throws IOException {
    return onlyFolder("include", "C headers");
  }

  /**
   * The folder of GraalPy's patches of packages, and of the script that adapts uses of the C API.
   */
  Path adaptations() throws IOException {
    return onlyFolder("lib", "patches");
  }

  private Path onlyFolder(String parent, String what) throws IOException {
    try (var versions = Files.list(folder.resolve(parent))) {
      return versions.findFirst().orElseThrow(() -> incomplete(what));
    }
  }

  /** The library that every extension module links to. */
  Path runtimeLibrary() throws IOException {
    return FileTrees.list(home()).entrySet().stream()
        .filter(file -> file.getKey().endsWith("/libpython-native.so"))
        .findFirst()
        .orElseThrow(() -> incomplete("libpython-native.so"))
        .getValue();
  }

  /** The extension modules of the standard library. */
  List<Path> extensionModules() throws IOException {
    return FileTrees.list(home()).entrySet().stream()
        .filter(file -> file.getKey().matches("lib/graalpy[^/]+/modules/[^/]+\\.so"))
        .map(Map.Entry::getValue)
        .toList();
  }

  /** What follows a module's name in the file name of an extension module. */
  String extensionSuffix() throws IOException {
    String name =
        extensionModules().stream()
            .findFirst()
            .map(file -> String.valueOf(file.getFileName()))
            .orElseThrow(() -> incomplete("extension modules"));
    return name.substring(name.indexOf('.'));
  }

  private static PackagingException incomplete(String what) {
    return new PackagingException("GraalPy's Python home has no " + what + ".");
  }
}
