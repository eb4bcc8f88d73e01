package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said when pip fails; the outputs are those of real runs, shortened. */
final class PipTest {

  private final Path folder;
  private final FakeMachine machine;

  PipTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    machine = new FakeMachine(folder.resolve("machine"));
  }

  @BeforeEach
  void publish() throws IOException {
    machine.publish();
  }

  @Test
  void withoutANetworkItSaysThatTheFirstBuildNeedsARegistry() throws IOException {
    pipFails(
        """
        WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by \
        'NewConnectionError(': Failed to establish a new connection: [Errno 111] Connection refused')
        ERROR: Could not find a version that satisfies the requirement snake==1.0 (from versions: none)
        ERROR: No matching distribution found for snake==1.0
        """);
    assertSentence("pip cannot reach a package registry, which the first build needs");
  }

  @Test
  void aFileWithAnotherHashIsNamed() throws IOException {
    pipFails(
        """
        ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
            snake==1.0 from https://registry.example/snake-1.0-py3-none-any.whl (from -r x (line 1)):
                Expected sha256 aa
                     Got        bb
        """);
    assertSentence("What the package registry has for snake is not the file that the lock names");
  }

  @Test
  void aVersionThatTheRegistryLacksIsNamed() throws IOException {
    pipFails("ERROR: No matching distribution found for snake==1.0\n");
    assertSentence("The package registry that pip uses has no snake==1.0 for GraalPy 25.0.3");
  }

  @Test
  void anythingElseIsPipsOwnErrorLine() throws IOException {
    pipFails("Collecting snake\nERROR: Will not install to nowhere\nWARNING: be careful\n");
    assertSentence(
        "pip could not fetch the Python packages for reptiles: ERROR: Will not install to nowhere");
  }

  @Test
  void aPythonWithoutPipIsTold() throws IOException {
    pipFails("/usr/bin/python3: No module named pip\n");
    assertSentence("python3 has no pip");
  }

  @Test
  void aMachineWithoutPythonIsTold() throws IOException {
    machine.removeCommand("python3");
    assertSentence("python3 is not on the PATH");
  }

  @Test
  void theMachinesOwnRegistryIsUsed() throws IOException {
    machine.pack(folder.resolve("cache"));
    assertThat(Files.readString(machine.root.resolve("python.log")))
        .contains("-m pip download", "--abi=graalpy250_312_native")
        .doesNotContain("index-url")
        .doesNotContain("find-links");
  }

  private void pipFails(String output) throws IOException {
    Path file = Files.writeString(folder.resolve("output.txt"), output);
    machine.command("python3", "#!/bin/sh\n/bin/cat '" + file + "'\nexit 1\n");
  }

  private void assertSentence(String start) {
    assertThatThrownBy(() -> machine.pack(folder.resolve("cache")))
        .isInstanceOf(PackagingException.class)
        .hasMessageStartingWith(start)
        .message()
        .satisfies(message -> assertThat(message).doesNotContain("\n"));
  }
}
