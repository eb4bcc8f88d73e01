package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.terrarium.error.AccessException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of frameworks that are Python packages, in folders and in jars. */
@GraalPyTest
class PackageFrameworksTest {

  private static final Path SOURCES = Path.of("src/test/resources/frameworks");

  private final Terrarium terrarium;
  @TempDir private Path folder = Path.of("");

  PackageFrameworksTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  @BeforeAll
  static void register(Terrarium terrarium) {
    terrarium.register(Framework.fromResource("/frameworks/texts"));
    terrarium.register(Framework.fromResource("/frameworks/letters/"));
  }

  private @Nullable Object call(String command, Map<String, ?> arguments) {
    return terrarium.call("texts", command, arguments);
  }

  @Test
  void modulesImportEachOther() {
    assertThat(call("count", Map.of("text", "to be or not to be")))
        .isEqualTo(Map.of("words", 6L, "kept", 1L));
    assertThat(call("names", Map.of()))
        .isEqualTo(List.of("texts", "texts.words", "texts.rules", "texts"));
  }

  @Test
  void filesBesideTheModulesAreRead() {
    assertThat(call("files", Map.of())).isEqualTo(List.of("to be or", "to be or"));
  }

  @Test
  void packagesWithModulesOfOneNameHaveEachTheirOwn() {
    for (int i = 0; i < 4; i++) { // both contexts get both
      assertThat(call("owner", Map.of())).isEqualTo("texts");
      assertThat(terrarium.call("letters", "owner", Map.of())).isEqualTo("letters");
    }
  }

  @Test
  void secondPackageOfOneNameIsRefused() {
    assertThatThrownBy(() -> terrarium.register(Framework.fromPath(SOURCES.resolve("texts"))))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("A framework named 'texts' is registered already");
  }

  @Test
  void packageNamedAsAModuleOfPythonIsRefused() throws IOException {
    terrarium.register(Framework.fromPath(written("json", "import math\n")));

    assertThatThrownBy(() -> terrarium.call("json", "ping", Map.of()))
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("the package 'json' of your own has the name of a module of")
        .hasMessageContaining("Python's standard library: rename its folder");
  }

  @Test
  void packageNamedAsAModuleOfOthersIsRefused() throws IOException {
    terrarium.register(Framework.fromPath(written("terrarium", "import math\n")));

    assertThatThrownBy(() -> terrarium.call("terrarium", "ping", Map.of()))
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("'terrarium' of your own has the name of a module of this context");
  }

  @Test
  void packageWithoutABridgeIsRefusedEachTime() throws IOException {
    terrarium.register(Framework.fromPath(written("bare", "from . import one\n", "ONE = 1\n")));

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> terrarium.call("bare", "ping", Map.of()))
          .isInstanceOf(FrameworkLoadException.class)
          .hasMessageContaining("bare/__init__.py must define, or import from a module of the")
          .hasMessageContaining("package, one subclass of BaseBridge; it defines none");
    }
  }

  @Test
  void syntaxErrorOfAModuleNamesFileAndLine() throws IOException {
    Path broken = written("broken", "from . import one\n", "ONE = 1\n\ndef two(:\n    pass\n");
    terrarium.register(Framework.fromPath(broken));

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> terrarium.call("broken", "ping", Map.of()))
          .isInstanceOf(FrameworkLoadException.class)
          .hasMessageContaining("SyntaxError")
          .hasMessageContaining("'def two(:'")
          .hasMessageContaining("one.py, line 3");
    }
  }

  @Test
  void exceptionHasTheFramesOfThePackage() {
    PythonException e =
        catchThrowableOfType(PythonException.class, () -> call("fail", Map.of("text", "x")));

    assertThat(e.getStackTrace()[0])
        .isEqualTo(new StackTraceElement("texts.words", "refuse", "words.py", 9));
    assertThat(e.getStackTrace()[1])
        .isEqualTo(new StackTraceElement("texts", "fail", "__init__.py", 37));
  }

  @Test
  void moduleImportedWithoutItsPackageIsExplained() {
    assertThatThrownBy(() -> call("absent", Map.of("module", "words")))
        .hasMessageContaining("No module named 'words'")
        .hasMessageContaining("a module of the package texts: import it by 'from . import words'");
    assertThatThrownBy(() -> call("absent", Map.of("module", "humanize")))
        .hasMessageContaining("No module named 'humanize'")
        .hasMessageNotContaining("from . import");
  }

  @Test
  void outputHasTheFrameworksName() {
    try (LogRecords records = LogRecords.of("terrarium.python")) {
      call("say", Map.of());

      assertThat(records.lines())
          .containsExactly(
              "terrarium.python.texts INFO printed", "terrarium.python.texts WARNING logged 7");
    }
  }

  @Test
  void packageOfAJarIsUnpackedForItsFiles() throws Exception {
    copy("texts", "packed");
    Path jar = jar(folder.resolve("packed.jar"), folder.resolve("packed"));
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      terrarium.register(Framework.fromResource("/org/packed"));
    } finally {
      thread.setContextClassLoader(before);
    }

    assertThat(terrarium.call("packed", "files", Map.of()))
        .isEqualTo(List.of("to be or", "to be or"));
    assertThat(terrarium.call("packed", "count", Map.of("text", "to be or not")))
        .isEqualTo(Map.of("words", 4L, "kept", 1L));
  }

  @Test
  void restrictedPackageReadsItsOwnFilesOnly() throws IOException {
    copy("texts", "guarded");
    Files.writeString(folder.resolve("secret.txt"), "secret");
    Files.writeString(
        folder.resolve("guarded/words.py"),
        """


        def open_other() -> str:
            with open(__file__.removesuffix("guarded/words.py") + "secret.txt") as file:
                return file.read()


        def refuse(text: str) -> None:
            open_other()
        """,
        StandardOpenOption.APPEND);
    terrarium.register(
        Framework.fromPath(folder.resolve("guarded")).withAccess(AccessProfile.RESTRICTED));

    assertThat(terrarium.call("guarded", "files", Map.of()))
        .isEqualTo(List.of("to be or", "to be or"));
    assertThatThrownBy(() -> terrarium.call("guarded", "fail", Map.of("text", "x")))
        .isInstanceOfAny(AccessException.class, PythonException.class)
        .hasMessageContaining("Permission");
  }

  /** Copies a package of the tests under another name. */
  private void copy(String from, String to) throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES.resolve(from))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = folder.resolve(to).resolve(SOURCES.resolve(from).relativize(file));
        Files.createDirectories(Objects.requireNonNull(target.getParent()));
        Files.writeString(target, Files.readString(file).replace(from, to));
      }
    }
  }

  private static Path jar(Path jar, Path folder) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out);
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        entries.putNextEntry(new JarEntry("org/packed/" + folder.relativize(file)));
        Files.copy(file, entries);
      }
    }
    return jar;
  }

  /** Writes a package with an {@code __init__.py} and perhaps a module {@code one}. */
  private Path written(String name, String init, String... one) throws IOException {
    Path written = Files.createDirectories(folder.resolve(name));
    Files.writeString(written.resolve("__init__.py"), init);
    for (String text : one) {
      Files.writeString(written.resolve("one.py"), text);
    }
    return written;
  }
}
