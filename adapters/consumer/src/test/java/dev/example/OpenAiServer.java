package dev.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * llama.cpp's own server, which speaks OpenAI's protocol, with the embedded model's file. It comes
 * from PyPI, in a venv that is made once below the module's target folder, and listens on loopback.
 */
final class OpenAiServer implements AutoCloseable {

  private static final String PACKAGE = "xllamacpp==";
  private static final Path PEERS = Path.of("../../jmh/peers");
  private static final Path FOLDER = Path.of("target/openai-server").toAbsolutePath();
  private static final String MODEL = "META-INF/terrarium/models/SmolLM2-135M-Instruct.Q4_1.gguf";

  private final Process process;
  private final String url;

  private OpenAiServer(Process process, String url) {
    this.process = process;
    this.url = url;
  }

  /** Starts the server, and returns it when it takes requests. */
  static OpenAiServer start() throws IOException, InterruptedException {
    Path python = python();
    Path model = FOLDER.resolve("model.gguf");
    try (InputStream file = OpenAiServer.class.getClassLoader().getResourceAsStream(MODEL)) {
      assertNotNull(file, MODEL);
      Files.copy(file, model, StandardCopyOption.REPLACE_EXISTING);
    }
    Process process =
        new ProcessBuilder(
                python.toString(), PEERS.resolve("openai_server.py").toString(), model.toString())
            .redirectError(FOLDER.resolve("server.log").toFile())
            .start();
    BufferedReader out = process.inputReader();
    String url = out.readLine();
    if (url == null) {
      process.destroyForcibly().waitFor();
      throw new AssertionError(Files.readString(FOLDER.resolve("server.log")));
    }
    return new OpenAiServer(process, url);
  }

  /** Returns the Python of the venv, which has the package in the version of the benchmarks. */
  private static Path python() throws IOException, InterruptedException {
    Path python = FOLDER.resolve("venv/bin/python");
    Path made = FOLDER.resolve("requirements.lock");
    List<String> locked =
        Files.readAllLines(PEERS.resolve("requirements.lock")).stream()
            .filter(line -> line.startsWith(PACKAGE))
            .toList();
    assertEquals(1, locked.size(), "lines of " + PACKAGE);
    if (!Files.exists(made) || !Files.readAllLines(made).equals(locked)) {
      Files.createDirectories(FOLDER);
      Path wanted = Files.write(FOLDER.resolve("wanted.lock"), locked);
      run("python3", "-m", "venv", "--clear", FOLDER.resolve("venv").toString());
      run(
          python.toString(),
          "-m",
          "pip",
          "install",
          "--quiet",
          "--disable-pip-version-check",
          "--no-deps",
          "--only-binary=:all:",
          "--require-hashes",
          "-r",
          wanted.toString());
      Files.move(wanted, made, StandardCopyOption.REPLACE_EXISTING);
    }
    return python;
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), List.of(command) + "\n" + output);
  }

  /** Returns the base URL. */
  String url() {
    return url;
  }

  /** Ends the server, which follows its standard input. */
  @Override
  public void close() throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
