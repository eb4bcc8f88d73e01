package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A runner of the launcher script, as a user runs it. This JVM itself has no context. */
final class Launcher {

  /** The exit code and output of a finished command. */
  record Finished(int exitCode, String out, String err) {

    void assertBadUsage(String message) {
      assertThat(exitCode).isEqualTo(2);
      assertThat(out).isEmpty();
      assertThat(err).contains(message).doesNotContain("\tat ");
    }
  }

  static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();

  private final Map<String, String> environment = new HashMap<>();
  private String input = "";

  Launcher with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  Launcher input(String text) {
    input = text;
    return this;
  }

  Finished run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("terrarium").toString());
    command.addAll(List.of(arguments));
    return run(command);
  }

  Finished run(List<String> command) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("terrarium-cli");
    Path in = Files.writeString(folder.resolve("in"), input);
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    Process process =
        builder
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("ended by itself").isTrue();
      return new Finished(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
      for (Path file : List.of(in, out, err, folder)) {
        Files.deleteIfExists(file);
      }
    }
  }
}
