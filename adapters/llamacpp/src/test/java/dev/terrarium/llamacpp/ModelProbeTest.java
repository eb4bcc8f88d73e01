package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.resource.CacheFolder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests in which other programs stand in for the program that loads a file; that program itself
 * runs once, on the real model.
 */
@Timeout(300)
class ModelProbeTest {

  private static final Duration LONG = Duration.ofMinutes(2);

  private final Path folder;
  private final Path file;

  ModelProbeTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.file = Files.writeString(folder.resolve("model.gguf"), "a model");
  }

  /** Returns a probe that runs a script, which also counts its runs. */
  private ModelProbe probe(String script) {
    String counted = "echo run >> " + folder.resolve("runs") + "; " + script;
    return new ModelProbe(
        folder.resolve("probed"), () -> List.of("/bin/sh", "-c", counted, "sh"), LONG);
  }

  private long runs() throws IOException {
    return Files.exists(folder.resolve("runs")) ? Files.size(folder.resolve("runs")) / 4 : 0;
  }

  @Test
  void aFileThatPassedIsNotProbedAgain() throws IOException {
    probe("exit 0").check(List.of(file));
    probe("exit 0").check(List.of(file));
    assertThat(runs()).isEqualTo(1);

    Path copy = Files.copy(file, folder.resolve("copy.gguf"));
    probe("exit 0").check(List.of(copy));
    assertThat(runs()).as("the same content elsewhere").isEqualTo(1);

    Files.writeString(file, "another model");
    probe("exit 0").check(List.of(file));
    assertThat(runs()).as("other content").isEqualTo(2);
  }

  @Test
  void theProgramIsGivenTheFilesPath() {
    probe("test \"$1\" = " + file).check(List.of(file));
    assertThat(folder.resolve("probed")).isDirectory();
  }

  @Test
  void aSignalIsAnExceptionWithWhatWasSaidAndIsNotRemembered() throws IOException {
    ModelProbe probe =
        probe("echo 'm.cpp:7: GGML_ASSERT(n > 0) failed'; echo '(no debugger)'; kill -ABRT $$");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> probe.check(List.of(file)))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "The model file "
                  + file
                  + " is one that llama.cpp cannot digest: the process that tried it ended with"
                  + " signal 6 (m.cpp:7: GGML_ASSERT(n > 0) failed). Fetch it again, or use another"
                  + " one.");
    }
    assertThat(runs()).isEqualTo(2);
  }

  @Test
  void aProcessThatWasKilledMayHaveLackedMemory() {
    assertThatThrownBy(() -> probe("kill -KILL $$").check(List.of(file)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("there may not be memory enough.");
  }

  @Test
  void fileIsLoadedWhenNoProbeCanBeRun() throws IOException {
    ModelProbe failing = probe("exit 1");
    assertThatCode(() -> failing.check(List.of(file))).doesNotThrowAnyException();
    assertThatCode(() -> failing.check(List.of(file))).doesNotThrowAnyException();
    assertThat(runs()).isEqualTo(2);

    ModelProbe missing =
        new ModelProbe(folder.resolve("probed"), () -> List.of("/no/such/program"), LONG);
    assertThatCode(() -> missing.check(List.of(file))).doesNotThrowAnyException();
    assertThatThrownBy(
            () -> ModelProbe.origin(URI.create("http://localhost/a.class").toURL(), "a.class"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void aProbeThatTakesTooLongOrIsInterruptedIsEnded() throws Exception {
    ModelProbe patient = probe("exec sleep 600");
    Thread caller = Thread.currentThread();
    Thread.ofVirtual().start(caller::interrupt);
    assertThatThrownBy(() -> patient.check(List.of(file)))
        .isInstanceOf(CallInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();

    ModelProbe hasty =
        new ModelProbe(
            folder.resolve("probed"),
            () -> List.of("/bin/sh", "-c", "exec sleep 600", "sh"),
            Duration.ofMillis(50));
    assertThatThrownBy(() -> hasty.check(List.of(file)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("was not probed within 0 s");
  }

  @Tag("model")
  @Test
  void theRealModelPassesTheRealProbe() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("real.gguf"), TestModel.file());
    Path probed = folder.resolve("probed");
    ModelProbe probe =
        new ModelProbe(probed, () -> ProbeProgram.command(CacheFolder.ofDefaults().root()), LONG);
    probe.check(List.of(link));
    try (Stream<Path> passed = Files.list(probed)) {
      assertThat(passed).hasSize(2);
    }
  }
}
