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
 * modules to carry, {@code extension} a C module to make of {@code sources}.
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
    Path python = shell.find("python3");
    if (python == null) {
      throw new PackagingException("python3 is not on the PATH; the build needs it.");
    }
    Shell.Result result =
        shell.run(
            python,
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

  private void compile(Requirement requirement, List<Path> sources, Path library)
      throws IOException {
    Path compiler = shell.find("gcc", "cc");
    if (compiler == null) {
      throw new PackagingException(
          "Building "
              + requirement.name()
              + " needs a C compiler, and neither gcc nor cc is on the PATH. Install one (Debian,"
              + " Ubuntu: apt install gcc libc6-dev).");
    }
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
