package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A user's sets of packages, packed into the classes of his project. */
final class PackageSetTest {

  private static final String SETS = "META-INF/terrarium/python/";

  private final Path folder;
  private final FakeMachine machine;

  PackageSetTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    machine = new FakeMachine(folder.resolve("machine"));
    machine.publish();
    machine.source("own.py", "of the user, and nothing of the set");
    // Without setuptools source distributions are fetched by resolve.py.
    machine.lock(Files.readString(machine.lock()).replaceAll("(?m)^setuptools.*$", ""));
    machine.command(
        "python3",
        """
        #!/bin/sh
        case "$*" in
          *"resolve.py fetch"*)
            folder=$(/bin/sed 's/.*"folder":"\\([^"]*\\)".*/\\1/' "$3")
            /bin/cp "%1$s"/registry/*.tar.gz "$folder"; : > "$4" ;;
          *"pip download"*)
            for argument in "$@"; do
              case "$argument" in --dest=*) folder="${argument#--dest=}" ;; esac
            done
            /bin/cp "%1$s"/registry/*.whl "$folder" ;;
          *"tarfile -e"*) /bin/cp -r "%1$s/source" "$5/source" ;;
          *) exit 1 ;;
        esac
        """
            .formatted(machine.root));
  }

  private void pack(String name, String... more) throws IOException {
    List<String> line =
        new ArrayList<>(
            List.of(
                "--name",
                name,
                "--module",
                machine.root.resolve("module").toString(),
                "--output",
                machine.output().toString(),
                "--graalpy",
                "25.0.3",
                "--lock-file",
                machine.lock().toString()));
    line.addAll(List.of(more));
    new Packager(
            Options.of(Options.arguments(line.toArray(String[]::new))),
            "tool",
            new BuildCache(folder.resolve("cache"), machine.progress::add),
            machine.shell(),
            machine.graalPy,
            machine.progress::add)
        .run();
  }

  @Test
  void jarNamesItsSets() throws IOException {
    pack("one");
    pack("two");

    assertThat(machine.output().resolve("META-INF/terrarium/python-packages.properties"))
        .hasContent("sets=one,two");
    assertThat(Files.readAllLines(machine.output().resolve(SETS + "one.properties")))
        .contains(
            "name=one", "archive=" + SETS + "one.zip", "distributions=snake==1.0,Speedy==2.0");
    assertThat(machine.output().resolve(SETS + "two.zip")).exists();
    assertThat(machine.output().resolve(SETS + "two-THIRD-PARTY.md"))
        .content()
        .startsWith("# Third-party software in the Python packages of two");
  }

  @Test
  void setHasItsPackagesAndNothingOfTheProject() throws IOException {
    pack("one");

    try (var zip = new ZipFile(machine.output().resolve(SETS + "one.zip").toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .contains("site/snake/__init__.py", "site/speedy/__init__.py")
          .doesNotContain("site/own.py");
    }
  }

  @Test
  void offlineThatTheCacheHasIsEnough() throws IOException {
    pack("one");
    pack("one", "--offline");
  }

  @Test
  void offlineNamesWhatTheCacheLacks() {
    assertThatThrownBy(() -> pack("one", "--offline"))
        .isInstanceOf(PackagingException.class)
        .hasMessage(
            "The cache folder does not have the Python packages of one, and Maven works offline"
                + " (-o): build once with a network.");
  }

  @Test
  void recipeThatNamesWhatIsNotThereIsRefused() throws IOException {
    machine.lock(
        Files.readString(machine.lock()).replace("python=src/speedy", "python=lib/speedy"));

    assertThatThrownBy(() -> pack("one"))
        .isInstanceOf(PackagingException.class)
        .hasMessageContaining("Speedy==2.0 has no speedy where the lock's line says python=");
  }
}
