package dev.terrarium.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** Real MCP servers of PyPI, in a venv that is made once below the module's target folder. */
final class Servers {

  private static final Path LOCK = Path.of("src/test/resources/requirements.lock");
  private static final Path SERVER = Path.of("src/test/resources/server.py").toAbsolutePath();
  private static final Path FOLDER = Path.of("target/mcp-servers").toAbsolutePath();

  private Servers() {}

  /** Returns a program of the venv. */
  static synchronized String program(String name) {
    Path made = FOLDER.resolve("requirements.lock");
    try {
      if (!Files.exists(made) || Files.mismatch(made, LOCK) >= 0) {
        run("python3", "-m", "venv", "--clear", FOLDER.toString());
        run(
            FOLDER.resolve("bin/python").toString(),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "-r",
            LOCK.toString());
        Files.copy(LOCK, made, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return FOLDER.resolve("bin").resolve(name).toString();
  }

  /** Returns the command of the server of the tests. */
  static String[] command() {
    return new String[] {program("python"), SERVER.toString()};
  }

  /** Returns the server of the tests, which prints its port and speaks HTTP. */
  static Process http() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command()).redirectErrorStream(true);
    builder.environment().put("MCP_TRANSPORT", "http");
    return builder.start();
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.onExit().join().exitValue()).as("%s%n%s", List.of(command), output).isZero();
  }
}
