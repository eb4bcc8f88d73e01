package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.Reader;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of frameworks whose files change while they are in use. */
@GraalPyTest
class WatchedFrameworksTest {

  private static final String SOURCE =
      """
      from terrarium.bridge import BaseBridge, handler, host

      VERSION = 1

      class Watched(BaseBridge):
          framework = "NAME"

          def _cleanup_framework(self):
              print("cleaned", VERSION)

          @handler
          def version(self) -> int:
              return VERSION

          @handler
          def slow(self) -> list[int]:
              before = VERSION
              host.call("test.call")
              return [before, VERSION]

          @handler
          def pieces(self):
              for i in range(3):
                  yield [VERSION, i]

          @handler
          def fail(self) -> None:
              raise ValueError(VERSION)
      """;

  private final Terrarium terrarium;
  private final LogRecords records = LogRecords.of("terrarium.python");
  @TempDir private Path folder = Path.of("");

  WatchedFrameworksTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  @AfterEach
  void closeRecords() {
    records.close();
  }

  private Path source(String name) throws IOException {
    Path file = folder.resolve(name + ".py");
    Files.writeString(file, SOURCE.replace("NAME", name));
    terrarium.register(Framework.watching(file));
    return file;
  }

  private static void change(Path file, String from, String to) throws IOException {
    String before = Files.readString(file);
    assertThat(before).contains(from);
    Files.writeString(file, before.replace(from, to));
  }

  private @Nullable Object version(String framework) {
    return terrarium.call(framework, "version", Map.of());
  }

  @Test
  void nextCallSeesAChangedFile() throws IOException {
    Path file = source("edited");
    assertThat(version("edited")).isEqualTo(1L);

    for (long version = 2; version < 5; version++) {
      change(file, "VERSION = " + (version - 1) + "\n", "VERSION = " + version + "\n");

      assertThat(version("edited")).isEqualTo(version);
    }
    assertThat(records.lines())
        .contains("terrarium.python.edited INFO cleaned 1")
        .anySatisfy(
            line -> assertThat(line).contains("INFO Framework 'edited' has its changed code in"));
  }

  @Test
  void callsInFlightEndOnTheOldCodeAndOthersSeeTheNew() throws Exception {
    Path file = source("flying");
    terrarium.prewarm("flying", 2).join();
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestFunctions.onCallWait(inside, goOn, null);
    Task<@Nullable Object> flying = Task.of(() -> terrarium.call("flying", "slow", Map.of()));
    Task.await(inside);
    change(file, "VERSION = 1", "VERSION = 2");

    assertThat(version("flying")).isEqualTo(2L);
    goOn.countDown();
    assertThat(flying.result()).isEqualTo(List.of(1L, 1L));
    for (int i = 0; i < 4; i++) { // whichever context it is
      assertThat(version("flying")).isEqualTo(2L);
    }
  }

  @Test
  void callWithinACallKeepsItsCode() throws Exception {
    Path file = source("nested");
    version("nested");
    TestFunctions.onCall(
        arguments -> {
          try {
            change(file, "VERSION = 1", "VERSION = 2");
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          return version("nested");
        });

    assertThat(terrarium.call("nested", "slow", Map.of())).isEqualTo(List.of(1L, 1L));
    assertThat(version("nested")).isEqualTo(2L);
  }

  @Test
  void streamEndsWithTheCodeThatItBeganWith() throws Exception {
    Path file = source("streamed");
    Reader reader = Reader.of(terrarium.adapter("streamed").stream(Command.of("pieces", Map.of())));
    reader.request(1).until(1);
    change(file, "VERSION = 1", "VERSION = 2");
    reader.request(9);

    assertThat(reader.end()).isNull();
    assertThat(reader.pieces).isEqualTo(List.of(List.of(1L, 0L), List.of(1L, 1L), List.of(1L, 2L)));
    assertThat(version("streamed")).isEqualTo(2L);
  }

  @Test
  void codeThatDoesNotLoadLeavesTheOldOneInUse() throws IOException {
    Path file = source("typo");
    version("typo");
    change(file, "return VERSION", "return (VERSION");

    for (int i = 0; i < 3; i++) {
      assertThat(version("typo")).isEqualTo(1L);
    }
    assertThat(records.lines().stream().filter(line -> line.contains("SEVERE")))
        .singleElement()
        .asString()
        .startsWith(
            "terrarium.python.typo SEVERE The changed code of framework 'typo' could not be loaded,"
                + " and its last code stays in use: SyntaxError:")
        .containsPattern("typo\\.py, line \\d+");

    change(file, "return (VERSION", "return VERSION");
    change(file, "VERSION = 1", "VERSION = undefined");
    assertThat(version("typo")).isEqualTo(1L);
    assertThat(records.thrown())
        .last()
        .satisfies(
            thrown -> {
              assertThat(thrown).hasMessageContaining("NameError: name 'undefined' is not defined");
              assertThat(thrown.getStackTrace()[0].getFileName()).isEqualTo("typo.py");
              assertThat(thrown.getStackTrace()[0].getLineNumber()).isEqualTo(3);
            });

    change(file, "VERSION = undefined", "VERSION = 7");
    assertThat(version("typo")).isEqualTo(7L);
  }

  @Test
  void firstCodeThatDoesNotLoadFailsTheCallUntilItIsCorrected() throws IOException {
    Path file = source("first");
    change(file, "VERSION = 1", "VERSION = = 1");

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> version("first"))
          .isInstanceOf(FrameworkLoadException.class)
          .hasMessageContaining("first.py, line 3");
    }
    change(file, "VERSION = = 1", "VERSION = 2");
    assertThat(version("first")).isEqualTo(2L);
  }

  @Test
  void reloadThatIsStoppedLeavesTheContextInUse() throws IOException {
    Path file = source("endless");
    version("endless");
    change(file, "VERSION = 1", "VERSION = 2\nwhile True: pass");
    Adapter hurried =
        terrarium
            .adapter("endless")
            .with(CallOptions.ofDefaults().withDeadline(Duration.ofSeconds(1)));

    assertThatThrownBy(() -> hurried.call("version", Map.of()))
        .isInstanceOf(CallTimeoutException.class);
    change(file, "VERSION = 2\nwhile True: pass", "VERSION = 3");
    for (int i = 0; i < 4; i++) {
      assertThat(version("endless")).isEqualTo(3L);
    }
  }

  @Test
  void contextIsSoundWithTheNewCode() throws IOException {
    Path file = source("checked");
    version("checked");
    change(file, "VERSION = 1", "VERSION = 2");
    version("checked");

    for (int i = 0; i < 4; i++) { // each failure has its context checked
      assertThatThrownBy(() -> terrarium.call("checked", "fail", Map.of()))
          .isInstanceOf(PythonException.class)
          .hasMessage("ValueError: 2");
      assertThat(version("checked")).isEqualTo(2L);
    }
  }

  @Test
  void packageIsFollowedWithAllItsModules() throws IOException {
    Path own = Files.createDirectories(folder.resolve("growing"));
    Files.writeString(
        own.resolve("__init__.py"),
        """
        from terrarium.bridge import BaseBridge, handler

        from .one import number


        class Growing(BaseBridge):
            framework = "growing"

            @handler
            def version(self) -> int:
                return number()
        """);
    Files.writeString(own.resolve("one.py"), "def number():\n    return 1\n");
    terrarium.register(Framework.watching(own));
    assertThat(version("growing")).isEqualTo(1L);

    Files.writeString(own.resolve("two.py"), "TWO = 2\n");
    Files.writeString(
        own.resolve("one.py"), "from growing.two import TWO\n\n\ndef number():\n    return TWO\n");
    assertThat(version("growing")).isEqualTo(2L);

    change(own.resolve("two.py"), "TWO = 2", "TWO =");
    assertThat(version("growing")).isEqualTo(2L);
    assertThat(records.lines())
        .anySatisfy(line -> assertThat(line).contains("SEVERE").contains("two.py, line 1"));

    change(own.resolve("two.py"), "TWO =", "TWO = 3");
    assertThat(version("growing")).isEqualTo(3L);
  }

  @Test
  void newContextGetsTheLastGoodCode() throws Exception {
    Path file = source("second");
    version("second");
    change(file, "VERSION = 1", "VERSION = (");
    version("second");

    terrarium.prewarm("second", 2).join();
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestFunctions.onCallWait(inside, goOn, null);
    Task<@Nullable Object> other = Task.of(() -> terrarium.call("second", "slow", Map.of()));
    Task.await(inside);
    assertThat(version("second")).isEqualTo(1L);
    goOn.countDown();
    assertThat(other.result()).isEqualTo(List.of(1L, 1L));
  }
}
