package dev.terrarium.packaging;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The machine's own commands, found on the {@code PATH} of an environment. Thread-safe. */
final class Shell {

  /** How a command ended, with all that it printed on either stream. */
  record Result(int exitCode, String output) {

    boolean succeeded() {
      return exitCode == 0;
    }

    /** The last line with one of these words, else the last line; for one-sentence messages. */
    String telling(String... words) {
      List<String> lines = output.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
      for (String line : lines.reversed()) {
        for (String word : words) {
          if (line.contains(word)) {
            return line;
          }
        }
      }
      return lines.isEmpty() ? "exit code " + exitCode : lines.getLast();
    }
  }

  private final Map<String, String> environment;

  Shell(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** The first of these commands that the {@code PATH} has. */
  @Nullable Path find(String... names) {
    for (String name : names) {
      for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
        Path candidate = Path.of(folder, name);
        if (!folder.isEmpty() && Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
          return candidate.toAbsolutePath();
        }
      }
    }
    return null;
  }

  /** Runs a command to its end, with nothing on its standard input. */
  Result run(Path command, List<String> arguments, Map<String, String> variables)
      throws IOException {
    List<String> line = new ArrayList<>();
    line.add(command.toString());
    line.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.environment().putAll(variables);
    Process process = builder.start();
    process.getOutputStream().close();
    try (InputStream in = process.getInputStream()) {
      String output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new Result(process.waitFor(), output);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PackagingException("Interrupted while running " + command + ".", e);
    } finally {
      process.destroy();
    }
  }
}
