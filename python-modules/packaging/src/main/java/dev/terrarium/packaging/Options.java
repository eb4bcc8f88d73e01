package dev.terrarium.packaging;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one run is asked for.
 *
 * @param name of the module: dspy
 * @param module its folder
 * @param output where the files of its jar are collected
 * @param requires names of modules whose archives it needs
 * @param optional names of modules whose archives its framework also imports from if they are on
 *     the class path
 * @param framework that it brings, else empty
 * @param bridge the bridge class of the framework, as {@code module:Class}, else empty
 * @param lazy packages whose modules are also compiled to defer their imports
 * @param withHome whether its archive carries the Python home
 * @param lockFile the lock of a user's set of packages, which has no sources of its own; else null
 * @param offline whether what the cache lacks is not fetched
 */
record Options(
    String name,
    Path module,
    Path output,
    String graalPyVersion,
    List<String> requires,
    List<String> optional,
    String framework,
    String bridge,
    List<String> lazy,
    boolean withHome,
    @Nullable Path lockFile,
    boolean offline) {

  static final String USAGE =
      "Usage: PackagePython --name NAME --module FOLDER --output FOLDER --graalpy VERSION"
          + " [--requires NAME,...] [--optional NAME,...]"
          + " [--framework NAME --bridge MODULE:CLASS]"
          + " [--lazy PACKAGE,...] [--home]"
          + " | --relock --module FOLDER --graalpy VERSION"
          + " | [--lock | --check] --name NAME --wants FILE --lock-file FILE --graalpy VERSION"
          + " [--module FOLDER --output FOLDER] [--offline]";

  private static final Set<String> FLAGS =
      Set.of("--home", "--relock", "--lock", "--check", "--offline");
  private static final Set<String> VALUES =
      Set.of(
          "--name",
          "--wants",
          "--lock-file",
          "--module",
          "--output",
          "--graalpy",
          "--requires",
          "--optional",
          "--framework",
          "--bridge",
          "--lazy");

  /** The arguments of a command line; a flag's value is empty. */
  static Map<String, String> arguments(String... line) {
    Map<String, String> arguments = new LinkedHashMap<>();
    for (int i = 0; i < line.length; i++) {
      if (FLAGS.contains(line[i])) {
        arguments.put(line[i], "");
      } else if (VALUES.contains(line[i]) && i + 1 < line.length) {
        arguments.put(line[i], line[++i]);
      } else {
        throw new PackagingException("What is " + line[i] + "? " + USAGE);
      }
    }
    return arguments;
  }

  static Options of(Map<String, String> arguments) {
    Options options =
        new Options(
            required(arguments, "--name"),
            Path.of(required(arguments, "--module")).toAbsolutePath(),
            Path.of(required(arguments, "--output")).toAbsolutePath(),
            required(arguments, "--graalpy"),
            names(arguments, "--requires"),
            names(arguments, "--optional"),
            arguments.getOrDefault("--framework", ""),
            arguments.getOrDefault("--bridge", ""),
            names(arguments, "--lazy"),
            arguments.containsKey("--home"),
            lockFile(arguments),
            arguments.containsKey("--offline"));
    if (options.framework.isEmpty() != options.bridge.isEmpty()) {
      throw new PackagingException("--framework and --bridge go together. " + USAGE);
    }
    return options;
  }

  static String required(Map<String, String> arguments, String name) {
    String value = arguments.get(name);
    if (value == null) {
      throw new PackagingException(name + " is missing. " + USAGE);
    }
    return value;
  }

  private static List<String> names(Map<String, String> arguments, String option) {
    return Stream.of(arguments.getOrDefault(option, "").split(",", -1))
        .filter(name -> !name.isEmpty())
        .toList();
  }

  private static @Nullable Path lockFile(Map<String, String> arguments) {
    String file = arguments.get("--lock-file");
    return file == null ? null : Path.of(file).toAbsolutePath();
  }

  /** Whether these are a user's packages, and not a module of Terrarium. */
  boolean isSet() {
    return lockFile != null;
  }

  Path lock() {
    return lockFile == null ? module.resolve("requirements.lock") : lockFile;
  }

  /** The module's own sources. */
  List<Path> sources() {
    return isSet() ? List.of() : List.of(module.resolve("src/main/python"));
  }

  /** Licences of what is carried beside the locked distributions. */
  List<Path> licences() {
    return isSet() ? List.of() : List.of(module.resolve("licenses"));
  }

  /** All that these options change in an archive. */
  String identity() {
    return String.join(
            "\n",
            name,
            graalPyVersion,
            String.join(",", requires),
            String.join(",", optional),
            framework,
            bridge,
            String.join(",", lazy))
        + (withHome ? "\nhome" : "");
  }
}
