package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the model's effects outside of its process. */
@Timeout(300)
@Tag("model")
class LlamaCppProcessTest {

  private final Path folder;

  LlamaCppProcessTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private record Ended(int code, String out, String err) {}

  private Process start(String how) throws IOException {
    return start(how, "--enable-native-access=ALL-UNNAMED");
  }

  private Process start(String how, String nativeAccess) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dterrarium.cache=" + folder.resolve("cache"),
                nativeAccess,
                "-cp",
                System.getProperty("java.class.path"),
                ModelProgram.class.getName(),
                how));
    return new ProcessBuilder(command)
        .redirectOutput(folder.resolve(how + ".out").toFile())
        .redirectError(folder.resolve(how + ".err").toFile())
        .start();
  }

  private Ended run(String how) throws Exception {
    return end(start(how), how);
  }

  private Ended end(Process process, String how) throws Exception {
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
    return new Ended(
        process.exitValue(),
        Files.readString(folder.resolve(how + ".out")),
        Files.readString(folder.resolve(how + ".err")));
  }

  @Test
  void processPrintsNothingAndEndsAlthoughTheModelIsNotClosed() throws Exception {
    Ended ended = run("ask");
    assertThat(ended.out()).startsWith("answer: ").endsWith("\nfailed as it should\n");
    assertThat(ended.err()).isEmpty();
    assertThat(ended.code()).isZero();
    assertThat(folder.resolve("cache/native")).exists();
  }

  @Test
  void missingNativeAccessIsReportedWithItsRemedy() throws Exception {
    Ended ended = end(start("ask", "--illegal-native-access=deny"), "ask");
    assertThat(ended.err())
        .contains(
            "ModelException: llama.cpp needs native access: start the JVM with"
                + " --enable-native-access=ALL-UNNAMED");
    assertThat(ended.code()).isOne();
  }

  @Test
  void theProcessCanEndAmidAnAnswer() throws Exception {
    Ended ended = run("exit");
    assertThat(ended.out()).isEqualTo("begun\n");
    assertThat(ended.err()).isEmpty();
    assertThat(ended.code()).isEqualTo(7);
  }

  @Test
  void twoProcessesCanBeginAtOnceWithAnEmptyCache() throws Exception {
    Process one = start("ask");
    Process other = start("exit");
    assertThat(end(one, "ask").code()).isZero();
    assertThat(end(other, "exit").code()).isEqualTo(7);
  }
}
