package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.context.WatchedSource.Version;
import dev.terrarium.testing.LogRecords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the versions of a framework's files, without Python. */
class WatchedSourceTest {

  private static final Instant NOW = Instant.parse("2026-12-01T12:00:00Z");

  private final Path folder;
  private final Path file;
  private final WatchedSource source;
  private Instant clock = NOW;

  WatchedSourceTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    file = folder.resolve("words.py");
    Files.writeString(file, "one");
    source = watching(file);
  }

  private WatchedSource watching(Path path) {
    return new WatchedSource(
        "words", AccessProfile.TRUSTED, true, PackageSet.SHARED, path, () -> clock);
  }

  private void change(String text, Instant written) throws IOException {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(written));
  }

  private static String text(Version version) {
    return ((BridgeSource.Source) version.source()).text();
  }

  @Test
  void unchangedFileIsOneVersion() {
    Version first = source.current();

    assertThat(text(first)).isEqualTo("one");
    assertThat(source.current()).isSameAs(first);
  }

  @Test
  void changedFileIsALaterVersion() throws IOException {
    Version first = source.current();
    change("two and more", NOW);

    assertThat(source.current().number()).isGreaterThan(first.number());
    assertThat(text(source.current())).isEqualTo("two and more");
  }

  @Test
  void touchedFileIsTheSameVersion() throws IOException {
    Version first = source.current();
    change("one", NOW.minusSeconds(100));

    assertThat(source.current()).isSameAs(first);
  }

  @Test
  void secondWriteWithinTheSameTickIsSeen() throws IOException {
    change("one", NOW);
    source.current();
    change("two", NOW); // neither its time nor its size differs

    assertThat(text(source.current())).isEqualTo("two");
  }

  @Test
  void settledFileIsNotReadAgain() throws IOException {
    change("one", NOW.minusSeconds(3));
    source.current();
    change("two", NOW.minusSeconds(3)); // which no editor does

    assertThat(text(source.current())).isEqualTo("one");

    change("two", NOW.minusSeconds(2));
    assertThat(text(source.current())).isEqualTo("two");
  }

  @Test
  void rejectedVersionIsNotGivenAgain() throws IOException {
    Version good = source.current();
    source.accept(good);
    change("broken", NOW);
    Version broken = source.current();

    assertThat(source.reject(broken)).isTrue();
    assertThat(source.current()).isSameAs(good);
    assertThat(source.reject(broken)).as("a second context reports the same").isFalse();

    change("mended", NOW.plusMillis(1));
    assertThat(text(source.current())).isEqualTo("mended");
  }

  @Test
  void rejectedVersionIsTriedAgainWhereThereIsNoOther() {
    Version broken = source.current();

    assertThat(source.reject(broken)).isFalse();
    assertThat(source.current()).isSameAs(broken);
  }

  @Test
  void acceptedVersionIsNotReplacedByAnOlderOne() throws IOException {
    Version first = source.current();
    change("second", NOW);
    Version second = source.current();
    source.accept(second);
    source.accept(first); // by a context that took longer
    change("third", NOW.plusMillis(1));
    source.reject(source.current());

    assertThat(source.current()).isSameAs(second);
  }

  @Test
  void fileThatIsGoneForAMomentLeavesTheLastVersion() throws IOException {
    Version first = source.current();
    Files.delete(file);

    try (LogRecords records = LogRecords.of("terrarium.python.words")) {
      assertThat(source.current()).isSameAs(first);
      assertThat(source.current()).isSameAs(first);
      assertThat(records.lines())
          .singleElement()
          .asString()
          .contains("WARNING Cannot read " + file + "; its last code stays in use");
    }
    change("back", NOW);
    assertThat(text(source.current())).isEqualTo("back");
  }

  @Test
  void fileThatWasNeverThereIsRefused() throws IOException {
    Files.delete(file);

    assertThatThrownBy(source::current)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Cannot read the framework 'words'")
        .hasMessageContaining(file.toString());
  }

  @Test
  void fileInAnotherEncodingLeavesTheLastVersion() throws IOException {
    Version first = source.current();
    Files.write(file, new byte[] {(byte) 0xE9});

    assertThat(source.current()).isSameAs(first);
  }

  @Test
  void linkIsFollowedToItsFile() throws IOException {
    Path own = Files.createDirectories(folder.resolve("own"));
    Files.writeString(own.resolve("__init__.py"), "");
    change("one", NOW.minusSeconds(9));
    Files.createSymbolicLink(own.resolve("words.py"), file);
    WatchedSource watched = watching(own);
    Version first = watched.current();
    change("two", NOW.minusSeconds(8));

    assertThat(watched.current().number()).isGreaterThan(first.number());
  }

  @Test
  void packageIsFollowedByItsModulesAlone() throws IOException {
    Path own = Files.createDirectories(folder.resolve("own"));
    Files.createDirectories(own.resolve("__pycache__"));
    Files.writeString(own.resolve("__init__.py"), "");
    WatchedSource watched = watching(own);
    Version first = watched.current();

    Files.writeString(own.resolve("notes.txt"), "no module");
    Files.writeString(own.resolve("__pycache__/x.py"), "no module");
    Files.writeString(own.resolve(".#words.py"), "an editor's own");
    assertThat(watched.current()).isSameAs(first);

    Files.createDirectories(own.resolve("sub"));
    Files.writeString(own.resolve("sub/words.py"), "WORDS = 1");
    assertThat(((BridgeSource.SourcePackage) watched.current().source()).files().texts())
        .containsOnlyKeys("__init__.py", "sub/words.py");
    clock = NOW.plus(Duration.ofDays(365));
    Version second = watched.current();
    Files.delete(own.resolve("sub/words.py"));
    assertThat(watched.current().number()).isGreaterThan(second.number());
  }
}
