package dev.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A project that only names Maven dependencies: started by plain {@code java -cp}, with no flag, no
 * environment, an empty PATH and an empty cache folder.
 */
class CapitalsTest {

  private record Finished(int exitCode, String out, String err) {}

  @Test
  void answersWithoutPythonOnTheMachineAndWithoutFlags(@TempDir Path folder) throws Exception {
    Path home = Files.createDirectory(folder.resolve("home"));
    Path emptyPath = Files.createDirectory(folder.resolve("bin"));

    Finished first = run(home, emptyPath);
    assertEquals(0, first.exitCode(), first.err());
    assertTrue(first.out().contains("Paris"), first.out() + first.err());
    assertTrue(first.out().contains("{words=6}"), first.out());

    Path packages = home.resolve(".cache/terrarium/python");
    List<String> laidOut = files(packages);
    assertTrue(laidOut.stream().anyMatch(file -> file.endsWith("dspy/__init__.py")), "unpacked");

    // The process exits by itself, without System.exit, and a second one finds all in place.
    Finished second = run(home, emptyPath);
    assertEquals(0, second.exitCode(), second.err());
    assertEquals(first.out(), second.out());
    assertEquals(laidOut, files(packages), "nothing is laid out, compiled or copied again");
    assertFalse(second.err().contains("Traceback"), second.err());
  }

  private static Finished run(Path home, Path path) throws IOException, InterruptedException {
    Path out = Files.createTempFile(home, "out", ".txt");
    Path err = Files.createTempFile(home, "err", ".txt");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder =
        new ProcessBuilder(java, "-Duser.home=" + home, "-cp", classPath(), "dev.example.Capitals");
    builder.environment().clear();
    builder.environment().put("PATH", path.toString());
    builder.environment().put("HOME", home.toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "ended by itself");
    } finally {
      process.destroyForcibly();
    }
    return new Finished(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /**
   * The class path of this project's main code, as Maven resolved it, without the test libraries.
   */
  private static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !entry.contains("junit") && !entry.contains("test-classes"))
        .filter(entry -> !entry.contains("opentest4j") && !entry.contains("surefire"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static List<String> files(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).map(Path::toString).sorted().toList();
    }
  }
}
