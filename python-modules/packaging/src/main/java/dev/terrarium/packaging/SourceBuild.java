package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Builds what has no wheel, as its line in the lock says: {@code python} has the folders and
 * modules to carry, {@code extension} a C module to make of {@code sources}. Or {@code build} names
 * a script of the module's that builds all of it.
 */
final class SourceBuild {

  private final Shell shell;
  private final PythonHome home;

  SourceBuild(Shell shell, PythonHome home) {
    this.shell = shell;
    this.home = home;
  }

  /**
   * Lays out one distribution.
   *
   * @param scratch an empty folder
   */
  void build(Requirement requirement, Path archive, Path scratch, Path site) throws IOException {
    Path root = unpack(requirement, archive, scratch);
    for (String python : step(requirement, "python").split(",", -1)) {
      carry(requirement, root.resolve(python), site);
    }
    if (requirement.recipe().containsKey("extension")) {
      List<Path> sources =
          Stream.of(step(requirement, "sources").split(",", -1)).map(root::resolve).toList();
      String name = step(requirement, "extension") + home.extensionSuffix();
      compile(requirement, sources, site.resolve(name));
    }
    describe(requirement, root, site);
  }

  /**
   * Has a script build one distribution. The script is run by CPython with the paths of the
   * unpacked sources, of the site folder, of the tools, of GraalPy's headers, with the suffix of
   * extension modules, and with the path of GraalPy's patches; {@code CC} and {@code CXX} are the
   * compilers.
   *
   * @param tools the folder of the lock's tools, unpacked
   * @param scratch an empty folder
   */
  void build(
      Requirement requirement, Path script, Path archive, Path tools, Path scratch, Path site)
      throws IOException {
    Path root = unpack(requirement, archive, scratch);
    Files.createDirectories(site);
    Shell.Result result =
        shell.run(
            python(),
            List.of(
                script.toString(),
                root.toString(),
                site.toString(),
                tools.toString(),
                home.headers().toString(),
                home.extensionSuffix(),
                home.adaptations().toString()),
            Map.of(
                "CC",
                compiler(requirement, "C", "gcc", "cc").toString(),
                "CXX",
                compiler(requirement, "C++", "g++", "c++").toString()));
    if (!result.succeeded()) {
      throw new PackagingException(
          script.getFileName()
              + " could not build "
              + requirement.name()
              + ": "
              + result.telling("error:", "ERROR:"),
          new IOException(result.output()));
    }
    describe(requirement, root, site);
  }

  /** Lays out the metadata and the licences. */
  private static void describe(Requirement requirement, Path root, Path site) throws IOException {
    Path info = site.resolve(requirement.name() + "-" + requirement.version() + ".dist-info");
    FileTrees.copyFile(root.resolve("PKG-INFO"), info.resolve("METADATA"));
    try (Stream<Path> files = Files.list(root)) {
      for (Path file : files.filter(Licences::isLicence).toList()) {
        FileTrees.copyFile(
            file, info.resolve("licenses").resolve(String.valueOf(file.getFileName())));
      }
    }
  }

  private static void carry(Requirement requirement, Path carried, Path site) throws IOException {
    Path target = site.resolve(String.valueOf(carried.getFileName()));
    if (Files.isDirectory(carried)) {
      FileTrees.copy(carried, target, Wheels::isNeeded);
    } else if (Files.isRegularFile(carried)) {
      FileTrees.copyFile(carried, target);
    } else {
      throw new PackagingException(
          "The source distribution of "
              + requirement.pinned()
              + " has no "
              + carried.getFileName()
              + " where the lock's line says python=...");
    }
  }

  private Path unpack(Requirement requirement, Path archive, Path scratch) throws IOException {
    Shell.Result result =
        shell.run(
            python(),
            List.of("-m", "tarfile", "-e", archive.toString(), scratch.toString()),
            Map.of("PYTHONWARNINGS", "ignore"));
    try (Stream<Path> roots = Files.list(scratch)) {
      List<Path> folders = roots.filter(Files::isDirectory).toList();
      if (!result.succeeded() || folders.size() != 1) {
        throw new PackagingException(
            "The source distribution of " + requirement.pinned() + " cannot be unpacked.",
            new IOException(result.output()));
      }
      return folders.getFirst();
    }
  }

  private Path python() {
    Path python = shell.find("python3");
    if (python == null) {
      throw new PackagingException("python3 is not on the PATH; the build needs it.");
    }
    return python;
  }

  /**
   * Returns a compiler.
   *
   * @param gnu the command of the GNU compiler, which is also the name of its package
   */
  private Path compiler(Requirement requirement, String language, String gnu, String other) {
    Path compiler = shell.find(gnu, other);
    if (compiler == null) {
      throw new PackagingException(
          "Building %s needs a %s compiler, and neither %s nor %s is on the PATH. Install one"
                  .formatted(requirement.name(), language, gnu, other)
              + " (Debian, Ubuntu: apt install %s libc6-dev).".formatted(gnu));
    }
    return compiler;
  }

  private void compile(Requirement requirement, List<Path> sources, Path library)
      throws IOException {
    Path compiler = compiler(requirement, "C", "gcc", "cc");
    List<String> arguments =
        new ArrayList<>(List.of("-O2", "-fPIC", "-shared", "-s", "-I" + home.headers()));
    arguments.addAll(List.of("-o", library.toString()));
    sources.forEach(source -> arguments.add(source.toString()));
    FileTrees.createParent(library);
    Shell.Result result = shell.run(compiler, arguments, Map.of());
    if (!result.succeeded()) {
      throw new PackagingException(
          compiler.getFileName()
              + " could not compile "
              + requirement.name()
              + ": "
              + result.telling("error:"),
          new IOException(result.output()));
    }
  }

  private static String step(Requirement requirement, String name) {
    String value = requirement.recipe().get(name);
    if (value == null) {
      throw new PackagingException(
          "The lock's line of " + requirement.pinned() + " says no " + name + "=... to build it.");
    }
    return value;
  }
}
