package dev.terrarium.jmh.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The sources of the peers' Python halves in this checkout, and the interpreter that runs them.
 * Immutable.
 *
 * @param sources the folder {@code jmh/peers}
 * @param python the interpreter
 * @param packages its {@code site-packages}; empty for an interpreter without the peers' packages
 */
public record PythonSide(Path sources, Path python, Optional<Path> packages) {

  /** Returns the checkout in which this class was built. */
  public static Path root() {
    try {
      Path place =
          Path.of(PythonSide.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      for (Path folder = place; folder != null; folder = folder.getParent()) {
        if (Files.exists(folder.resolve("jmh/peers/setup.py"))) {
          return folder;
        }
      }
      throw new IllegalStateException("no checkout of Terrarium holds " + place);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns an instance with any Python 3, for sources that need only Python itself. */
  public static PythonSide plain() {
    return new PythonSide(root().resolve("jmh/peers"), Path.of("python3"), Optional.empty());
  }

  /**
   * Returns the interpreter and packages that {@code setup.py} made, or an instance without
   * packages.
   */
  public static PythonSide find() throws IOException {
    return ofSetup("--where").orElseGet(PythonSide::plain);
  }

  /**
   * Returns the interpreter and packages, which {@code setup.py} makes now if they do not exist.
   */
  public static PythonSide make() throws IOException {
    return ofSetup().orElseGet(PythonSide::plain);
  }

  private static Optional<PythonSide> ofSetup(String... arguments) throws IOException {
    Path sources = root().resolve("jmh/peers");
    List<String> command = new ArrayList<>(List.of("python3", sources + "/setup.py"));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    String home;
    try (BufferedReader output = lines(process)) {
      home = output.readLine();
    }
    if (home == null) {
      return Optional.empty();
    }
    try (var folders = Files.newDirectoryStream(Path.of(home, "lib"), "python3*")) {
      Path packages = folders.iterator().next().resolve("site-packages");
      return Optional.of(
          new PythonSide(sources, Path.of(home, "bin", "python"), Optional.of(packages)));
    }
  }

  /** Returns the reason for which a module of that name is missing; empty when it exists. */
  public Optional<String> missing(String module) {
    if (packages.isEmpty()) {
      return Optional.of("not set up: run python3 " + sources + "/setup.py");
    }
    Path folder = packages.get();
    return Files.isDirectory(folder.resolve(module))
        ? Optional.empty()
        : Optional.of(
            "could not be installed: see "
                + folder.resolve("../../../" + module + ".log").normalize());
  }

  /** Starts one of the sources as a process, whose stderr is that of this process. */
  Process start(String source, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(List.of(python.toString(), sources.resolve(source).toString()));
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command)
        .directory(sources.toFile())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Starts a server that prints its port, and waits for the port. */
  Server startServer(String source) throws IOException {
    Process process = start(source);
    String port = lines(process).readLine();
    if (port == null) {
      throw new IOException(source + " ended before it said its port");
    }
    return new Server(process, Integer.parseInt(port));
  }

  private static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** A process that serves on a port of the loopback address until its stdin is closed. */
  record Server(Process process, int port) {

    void stop() {
      try {
        process.getOutputStream().close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
