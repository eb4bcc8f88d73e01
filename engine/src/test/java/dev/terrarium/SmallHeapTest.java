package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.PythonException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Allocations beyond the heap, in a JVM of their own with a small one. */
@GraalPyTest
class SmallHeapTest {

  @Test
  void allocationBeyondTheHeapEndsOnlyItsCall(@TempDir Path temp) throws Exception {
    Path output = temp.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx400m",
                "-Xss64m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Allocating.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
    } finally {
      process.destroyForcibly();
    }

    assertThat(process.exitValue()).as(read(output)).isZero();
    assertThat(Files.readAllLines(output)).contains(Allocating.DONE);
  }

  private static String read(Path output) throws IOException {
    return Files.readString(output);
  }

  /** The program of the other JVM. The heap has no room for any of its allocations. */
  static final class Allocating {

    static final String DONE = "all answers were right";

    private static final List<String> TOO_LARGE =
        List.of("bytes(10**9)", "[0] * 10**9", "'x' * (2**31 - 10)", "bytearray(2 * 10**9)");

    public static void main(String[] args) {
      TerrariumConfig config =
          TerrariumConfig.custom().contexts(1).borrowTimeout(Duration.ofSeconds(30)).build();
      try (Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
        for (int round = 0; round < 5; round++) {
          for (String expression : TOO_LARGE) {
            String ended = outcome(terrarium, "len(" + expression + ")");
            if (!ended.equals("MemoryError")) {
              throw new IllegalStateException(expression + " ended with " + ended);
            }
            if (!outcome(terrarium, "6 * 7").equals("42")) {
              throw new IllegalStateException("wrong answer after " + expression);
            }
          }
        }
        if (terrarium.stats().pool().retired() > 0 || terrarium.stats().pool().recycled() == 0) {
          throw new IllegalStateException("not as the fault policy says: " + terrarium.stats());
        }
      }
      System.out.println(DONE);
    }

    private static String outcome(Terrarium terrarium, String expression) {
      try {
        return String.valueOf(
            terrarium.call("probe", "evaluate", Map.of("expression", expression)));
      } catch (PythonException e) {
        return e.type();
      }
    }
  }
}
