package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user asks for, and locks that were made for something else. */
final class PackageWantsTest {

  private final Path folder;

  PackageWantsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private PackageWants wants(String... lines) throws IOException {
    return PackageWants.read(Files.write(folder.resolve("wants"), List.of(lines)), "25.0.3");
  }

  private Path lock(PackageWants made) throws IOException {
    List<String> lines = new ArrayList<>(List.of("# Written by the goal lock.", ""));
    lines.addAll(made.header());
    lines.addAll(List.of("", "# [wheels]", "snake==1.0 --hash=sha256:" + "0".repeat(64)));
    return Files.write(folder.resolve("python-packages.lock"), lines);
  }

  @Test
  void lockThatWasMadeOfTheSameWantsIsFresh() throws IOException {
    Path lock = lock(wants("snake==1.*", "egg[all]>=2 ; python_version > '3'", "exclude: Nest"));

    wants("egg[all]>=2 ; python_version > '3'", "exclude: nest", "snake==1.*").check(lock);
  }

  @Test
  void staleLockIsNamedWithWhatDiffers() throws IOException {
    Path lock = lock(wants("snake==1.*", "egg"));

    assertThatThrownBy(() -> wants("snake==2.*", "egg").check(lock))
        .isInstanceOf(PackagingException.class)
        .hasMessage(
            "The lock file "
                + lock
                + " is stale: it was made without 'snake==2.*', it was made with 'snake==1.*'. Run"
                + " the goal lock, and commit what it writes.");
  }

  @Test
  void lockOfAnotherGraalPyIsStale() throws IOException {
    Path lock = lock(wants("snake"));
    PackageWants later = PackageWants.read(folder.resolve("wants"), "26.0.0");

    assertThatThrownBy(() -> later.check(lock)).hasMessageContaining("stale", "'GraalPy 25.0.3'");
  }

  @Test
  void lockOfAnotherRecipeIsStale() throws IOException {
    Path lock = lock(wants("snake", "recipe: snake python=src/snake"));

    assertThatThrownBy(() -> wants("snake").check(lock))
        .hasMessageContaining("it was made with 'recipe: snake python=src/snake'");
  }

  @Test
  void missingLockIsNamedWithTheGoalThatWritesIt() throws IOException {
    PackageWants wants = wants("snake");

    assertThatThrownBy(() -> wants.check(folder.resolve("none.lock")))
        .isInstanceOf(PackagingException.class)
        .hasMessageContaining("There is no lock file")
        .hasMessageContaining("run the goal lock");
  }

  @Test
  void twoRequirementsOfOnePackageAreRefused() {
    assertThatThrownBy(() -> wants("snake_case==1", "Snake.Case>=2"))
        .isInstanceOf(PackagingException.class)
        .hasMessageContaining("'snake_case==1' and 'Snake.Case>=2'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"-r other.txt", "--index-url x", "./snake", "snake @ https://a/b.whl", "a b"})
  void whatCannotBeLockedIsRefused(String line) {
    assertThatThrownBy(() -> wants(line))
        .isInstanceOf(PackagingException.class)
        .hasMessageContaining("'" + line + "'");
  }

  @Test
  void nothingToPackIsRefused() {
    assertThatThrownBy(() -> wants("exclude: snake"))
        .isInstanceOf(PackagingException.class)
        .hasMessageContaining("No Python package is named");
  }

  @Test
  void namesOfRecipesAndExcludesAreComparedAsRegistriesDo() throws IOException {
    PackageWants wants = wants("snake", "recipe: Py_YAML python=lib/yaml", "exclude: rpds.py");

    assertThat(wants.recipe("py-yaml")).isEqualTo("python=lib/yaml");
    assertThat(wants.recipe("other")).isEmpty();
    assertThat(wants.excludes("rpds-py")).isTrue();
  }
}
