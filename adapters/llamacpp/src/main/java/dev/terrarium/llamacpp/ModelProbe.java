package dev.terrarium.llamacpp;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.internal.resource.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A probe that lets another JVM load a model file and generate a token before this JVM does, since
 * a file that llama.cpp cannot digest ends the process. A folder remembers files that passed by
 * their content, and by their path, size and time, so that a known file is not read again.
 * Thread-safe.
 */
final class ModelProbe {

  private static final Logger LOGGER = System.getLogger("dev.terrarium.llamacpp");

  /** The time-out of the other JVM, longer than it takes to read any file that fits into memory. */
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  /** The number that an exit code has in addition to a signal's number. */
  private static final int SIGNALLED = 128;

  private static final int KILLED = SIGNALLED + 9;
  private static final int LONGEST_REASON = 500;
  private static final List<String> JVM_OPTIONS =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

  private final Path folder;
  private final Supplier<List<String>> command;
  private final Duration patience;

  /**
   * Creates a probe.
   *
   * @param folder the folder that remembers files that passed
   * @param command a program that is given a file's path and ends with exit code 0 when the file is
   *     sound
   * @param patience the program's time-out
   */
  ModelProbe(Path folder, Supplier<List<String>> command, Duration patience) {
    this.folder = folder;
    this.command = command;
    this.patience = patience;
  }

  /** Returns the probe that remembers files in the cache folder, for this version of llama.cpp. */
  static ModelProbe ofDefaults() {
    Path root = CacheFolder.ofDefaults().root();
    return new ModelProbe(
        root.resolve("probed/llama-" + LlamaLibrary.VERSION),
        () -> ProbeProgram.command(root),
        PATIENCE);
  }

  /**
   * Probes a file that has not passed before. Where no other JVM can be started, as within some
   * archives, the file is not probed, which is logged.
   *
   * @param parts the file, and the files in which it continues
   * @throws ModelException when the file ends the other process, or the other process times out
   * @throws CallInterruptedException when the thread is interrupted
   */
  void check(List<Path> parts) {
    Path file = parts.getFirst();
    try {
      Path place = folder.resolve(places(parts));
      if (Files.exists(place)) {
        return;
      }
      Path content = folder.resolve(contents(parts));
      if (!Files.exists(content) && !passes(file)) {
        return;
      }
      remember(content);
      remember(place);
    } catch (ClosedByInterruptException e) {
      throw interrupted(file, e);
    } catch (IOException | UncheckedIOException e) {
      LOGGER.log(Level.WARNING, "The model file " + file + " could not be probed: " + e);
    }
  }

  private static String places(List<Path> parts) throws IOException {
    MessageDigest digest = Sha256.digest();
    for (Path part : parts) {
      BasicFileAttributes now = Files.readAttributes(part, BasicFileAttributes.class);
      String place =
          String.join(
              "\n",
              part.toRealPath().toString(),
              String.valueOf(now.fileKey()),
              String.valueOf(now.size()),
              String.valueOf(now.lastModifiedTime().to(TimeUnit.NANOSECONDS)));
      digest.update(place.getBytes(StandardCharsets.UTF_8));
    }
    return "place-" + HexFormat.of().formatHex(digest.digest());
  }

  private static String contents(List<Path> parts) throws IOException {
    MessageDigest digest = Sha256.digest();
    byte[] buffer = new byte[1 << 20];
    for (Path part : parts) {
      try (InputStream in = Files.newInputStream(part)) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          digest.update(buffer, 0, count);
        }
      }
    }
    return "content-" + HexFormat.of().formatHex(digest.digest());
  }

  private void remember(Path passed) {
    try {
      Files.createDirectories(folder);
      Files.write(passed, new byte[0]);
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "Cannot remember that a model file was probed: " + passed, e);
    }
  }

  /** Returns whether the file is sound; false when the probe could not be run. */
  private boolean passes(Path file) throws IOException {
    List<String> whole = new ArrayList<>(command.get());
    whole.add(file.toAbsolutePath().toString());
    Path output = Files.createTempFile("terrarium-probe", ".txt");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(whole).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().keySet().removeAll(JVM_OPTIONS);
      Process process = builder.start();
      try {
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new ModelException(
              "The model file "
                  + file
                  + " was not probed within "
                  + patience.toSeconds()
                  + " s: llama.cpp neither loads it nor fails.");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw interrupted(file, e);
      } finally {
        process.destroyForcibly();
      }
      return judge(file, process.exitValue(), reason(output));
    } finally {
      Files.deleteIfExists(output);
    }
  }

  private static CallInterruptedException interrupted(Path file, Exception e) {
    return new CallInterruptedException("Interrupted while " + file + " was probed.", e);
  }

  private static boolean judge(Path file, int code, String reason) {
    if (code > SIGNALLED) {
      throw new ModelException(
          "The model file "
              + file
              + (code == KILLED
                  ? " was not loaded by the process that tried it, which was killed; there may not"
                      + " be memory enough"
                  : " is one that llama.cpp cannot digest: the process that tried it ended with"
                      + " signal "
                      + (code - SIGNALLED))
              + (reason.isEmpty() ? "." : " (" + reason + ").")
              + " Fetch it again, or use another one.");
    }
    if (code != 0) {
      LOGGER.log(
          Level.WARNING,
          "The model file {0} could not be probed, since the process for that failed with exit"
              + " code {1}: {2}",
          file,
          code,
          reason);
    }
    return code == 0;
  }

  /** Returns the line of the process's output that reports a fault, or else its last line. */
  private static String reason(Path output) throws IOException {
    String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
    List<String> lines = text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    String told =
        lines.stream()
            .filter(line -> line.contains("GGML_ASSERT") || line.contains("terminate called"))
            .findFirst()
            .orElse(lines.isEmpty() ? "" : lines.getLast());
    return told.substring(0, Math.min(told.length(), LONGEST_REASON));
  }

  /**
   * Returns the jar or folder that contains a class or resource.
   *
   * @throws IOException when neither contains it, as with a jar within a jar
   */
  static Path origin(URL resource, String name) throws IOException {
    try {
      return switch (resource.getProtocol()) {
        case "file" -> {
          Path place = Path.of(resource.toURI());
          for (int i = 0; i < Path.of(name).getNameCount(); i++) {
            place = place.resolve("..");
          }
          yield place.normalize();
        }
        case "jar" -> {
          URL jar = ((JarURLConnection) resource.openConnection()).getJarFileURL();
          yield Path.of(jar.toURI());
        }
        default -> throw new IOException(resource + " is no file of its own");
      };
    } catch (URISyntaxException | RuntimeException e) {
      throw new IOException(resource + " is no file of its own", e);
    }
  }
}
