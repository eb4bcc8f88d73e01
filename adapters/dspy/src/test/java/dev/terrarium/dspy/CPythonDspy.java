package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DSPy 3.4.1 as it is, on CPython: in the environment that the checks of the Python sources have,
 * made once in Terrarium's cache folder by the hashes of {@code requirements-dev.lock}.
 */
final class CPythonDspy {

  private static final Path MODULES = Path.of("../../python-modules").toAbsolutePath().normalize();
  private static final String ENVIRONMENT =
      "import check; print(check.environment(check.cache_folder()))";

  private static @Nullable String python;

  private CPythonDspy() {}

  /** Runs a program of the test resources with an input, and returns what it printed. */
  static synchronized String run(String input, String program, String... arguments)
      throws IOException {
    if (python == null) {
      python = printed(MODULES, "", List.of("python3", "-c", ENVIRONMENT)).strip() + "/bin/python";
    }
    List<String> command = new ArrayList<>(List.of(python, "src/test/resources/" + program));
    command.addAll(List.of(arguments));
    return printed(Path.of("").toAbsolutePath(), input, command);
  }

  private static String printed(Path folder, String input, List<String> command)
      throws IOException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.onExit().join().exitValue()).as("%s%n%s", command, output).isZero();
    return output;
  }
}
