package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The machine's CPython pip, with the machine's own configuration. It only downloads: wheels for
 * GraalPy's platform, and source distributions.
 */
final class Pip {

  static final String NO_PYTHON =
      "python3 is not on the PATH: the build uses its pip to fetch Python packages. Install"
          + " Python 3.11 or newer with pip (Debian, Ubuntu: apt install python3-pip).";

  private static final Pattern MISMATCH =
      Pattern.compile("(?m)^\\s{4}(\\S+?)(?:==\\S+)?(?: \\([^)]*\\))? from ");
  private static final Pattern NO_MATCH =
      Pattern.compile("No matching distribution found for (\\S+)");
  private static final Pattern UNREACHABLE =
      Pattern.compile(
          "NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
              + "|Max retries exceeded|Failed to establish a new connection"
              + "|Temporary failure in name resolution|Network is unreachable|Connection refused"
              + "|Read timed out|SSLError|Connection aborted|Connection broken");

  private final Shell shell;
  private final String module;
  private final String graalPyVersion;

  /**
   * @param module named in messages
   * @param graalPyVersion such as 25.0.3
   */
  Pip(Shell shell, String module, String graalPyVersion) {
    this.shell = shell;
    this.module = module;
    this.graalPyVersion = graalPyVersion;
  }

  /**
   * Downloads all that a lock names into a folder.
   *
   * @param line how pip is asked for a distribution: locked, or only pinned
   */
  void fetch(Lock lock, Function<Requirement, String> line, Path folder) throws IOException {
    download(platform(), lock.ready().stream().map(line).toList(), folder, Map.of());
    if (!lock.sources().isEmpty() && !lock.hasTool("setuptools")) {
      new PackageResolver(shell, module, graalPyVersion).fetch(lock.sources(), folder);
    } else if (!lock.sources().isEmpty()) {
      // Pip asks each source distribution for its metadata, for which it runs setuptools.
      Path setuptools = folder.resolve("setuptools");
      Wheels.unpackTool(Wheels.find(folder, lock.tool("setuptools")), setuptools);
      download(
          List.of("--no-binary=:all:", "--no-build-isolation"),
          lock.sources().stream().map(line).toList(),
          folder,
          Map.of("PYTHONPATH", setuptools.toString()));
      FileTrees.delete(setuptools);
    }
  }

  /** Downloads wheels that hold no code, by locked requirement lines. */
  void fetchWheels(List<String> lines, Path folder) throws IOException {
    download(List.of("--only-binary=:all:", "--require-hashes"), lines, folder, Map.of());
  }

  /** The options that say which wheels run on GraalPy. */
  List<String> platform() {
    return Stream.concat(
            Stream.of(
                "--only-binary=:all:",
                "--implementation=graalpy",
                "--abi=" + abi(),
                "--abi=none",
                "--python-version=3.12"),
            platforms().stream().map(each -> "--platform=" + each))
        .toList();
  }

  /** The ABI tag of this GraalPy's native wheels. */
  String abi() {
    String[] version = graalPyVersion.split("\\.", -1);
    return "graalpy" + version[0] + version[1] + "_312_native";
  }

  /** The platform tags of native wheels. */
  List<String> platforms() {
    return List.of("manylinux_2_28_x86_64", "manylinux2014_x86_64");
  }

  private void download(
      List<String> options, List<String> requirements, Path folder, Map<String, String> variables)
      throws IOException {
    Path python = shell.find("python3");
    if (python == null) {
      throw new PackagingException(NO_PYTHON);
    }
    Path list = Files.createTempFile(folder, "requirements", ".txt");
    try {
      Files.write(list, requirements);
      List<String> arguments =
          new ArrayList<>(
              List.of("-m", "pip", "download", "--no-input", "--disable-pip-version-check"));
      arguments.addAll(List.of("--no-deps", "--progress-bar=off"));
      arguments.addAll(options);
      arguments.addAll(List.of("--dest=" + folder, "-r", list.toString()));
      Shell.Result result = shell.run(python, arguments, variables);
      if (!result.succeeded()) {
        throw new PackagingException(explain(result), new IOException(result.output()));
      }
    } finally {
      Files.deleteIfExists(list);
    }
  }

  /** Returns what went wrong in one sentence. */
  String explain(Shell.Result result) {
    String output = result.output();
    if (output.contains("No module named pip")) {
      return "python3 has no pip, which the build uses to fetch Python packages. Install it"
          + " (Debian, Ubuntu: apt install python3-pip).";
    }
    if (output.contains("DO NOT MATCH THE HASHES")) {
      Matcher name = MISMATCH.matcher(output);
      return "What the package registry has for "
          + (name.find() ? name.group(1) : "a package of " + module)
          + " is not the file that the lock names: its SHA-256 differs.";
    }
    if (output.contains("No space left on device")) {
      return "The disk is full: pip could not store the Python packages for " + module + ".";
    }
    if (UNREACHABLE.matcher(output).find()) {
      return "pip cannot reach a package registry, which the first build needs (later ones do not):"
          + " what is packed for "
          + module
          + " is fetched from there. Check the network and pip's settings (python3 -m pip config"
          + " list).";
    }
    Matcher missing = NO_MATCH.matcher(output);
    if (missing.find()) {
      return "The package registry that pip uses has no "
          + missing.group(1)
          + " for GraalPy "
          + graalPyVersion
          + " on Linux x86_64.";
    }
    return "pip could not fetch the Python packages for "
        + module
        + ": "
        + result.telling("ERROR:", "error:");
  }
}
