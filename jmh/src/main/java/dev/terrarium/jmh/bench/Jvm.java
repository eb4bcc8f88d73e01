package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a JVM that is measured is started. */
enum Jvm {
  /** As this one, which the launcher started: its flags, and its start-up cache. */
  LAUNCHER,
  /** Python interpreted, the interpreter compiled by C1 only, as {@code ./terrarium ask} has it. */
  INTERPRETED,
  /** Python interpreted, the interpreter compiled by all that a plain JDK has: its defaults. */
  INTERPRETED_C2,
  /** Python compiled by the Graal compiler, Java by C1, as {@code ./terrarium run} has it. */
  COMPILED,
  /** Python compiled by the Graal compiler, all else as a plain JDK does it. */
  COMPILED_C2;

  private static final List<String> ALWAYS =
      List.of(
          "-Xss64m",
          "-Xmx4g",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
  private static final List<String> SMALL = List.of("-XX:+UseCompactObjectHeaders", "-Xmn32m");

  String title() {
    return switch (this) {
      case LAUNCHER -> "GraalPy as the launcher starts it";
      case INTERPRETED -> "GraalPy interpreted (C1)";
      case INTERPRETED_C2 -> "GraalPy interpreted (C2)";
      case COMPILED -> "GraalPy compiled (C1)";
      case COMPILED_C2 -> "GraalPy compiled";
    };
  }

  /** The folder with the Graal compiler, which the build of this module fills. */
  private static Path compiler() {
    return PythonSide.root().resolve("jmh/target/compiler");
  }

  /** Why it cannot be had. */
  Optional<String> missing() {
    boolean needed = this == COMPILED || this == COMPILED_C2;
    return needed && !Files.isDirectory(compiler())
        ? Optional.of("no Graal compiler in " + compiler() + ": run mvn -DskipTests package")
        : Optional.empty();
  }

  List<String> flags() {
    List<String> flags = new ArrayList<>();
    if (this == LAUNCHER) {
      flags.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      return flags;
    }
    flags.addAll(ALWAYS);
    if (this == INTERPRETED || this == COMPILED) {
      flags.addAll(QUICK);
    }
    if (this == INTERPRETED) {
      flags.addAll(SMALL);
    }
    if (this == COMPILED || this == COMPILED_C2) {
      // A JDK has a stub of the compiler, which the real one must replace; the image has none.
      boolean stub = ModuleFinder.ofSystem().find("jdk.graal.compiler").isPresent();
      flags.addAll(
          List.of(
              (stub ? "--upgrade-module-path=" : "--module-path=") + compiler(),
              "--add-modules=jdk.graal.compiler,org.graalvm.truffle.compiler",
              "-XX:+UnlockExperimentalVMOptions",
              "-XX:+EnableJVMCI"));
    }
    return flags;
  }

  /**
   * Starts a class of ours; its stderr is ours.
   *
   * @param environment variables beside those of this process
   */
  Process start(Class<?> main, Map<String, String> environment, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    return builder.start();
  }
}
