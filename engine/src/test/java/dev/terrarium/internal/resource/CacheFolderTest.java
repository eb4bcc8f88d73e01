package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.PackageException;
import dev.terrarium.internal.resource.CacheFolder.Removed;
import dev.terrarium.testing.Task;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {

  private static final Map<String, String> FILES =
      Map.of(
          "site/a.py", "print('a')",
          "site/package/b.py", "print('b')",
          "home/empty", "",
          "home/name with spaces", "text");

  private final Path temp;

  CacheFolderTest(@TempDir Path temp) {
    this.temp = temp;
  }

  private CacheFolder cache() {
    return CacheFolder.at(temp.resolve("cache"));
  }

  private static List<String> filesBelow(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .filter(name -> !name.endsWith(".lock"))
          .sorted()
          .toList();
    }
  }

  /** Returns a source that fails after a number of bytes. */
  private static Callable<InputStream> broken(byte[] bytes, int after) {
    return () ->
        new FilterInputStream(new ByteArrayInputStream(bytes)) {
          private int left = after;

          @Override
          public int read() throws IOException {
            if (left-- <= 0) {
              throw new IOException("the jar's disk is gone");
            }
            return super.read();
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            if (left <= 0) {
              throw new IOException("the jar's disk is gone");
            }
            int count = super.read(target, offset, Math.min(length, left));
            left -= count;
            return count;
          }
        };
  }

  private static Callable<InputStream> unused() {
    return () -> {
      throw new AssertionError("the source was opened though nothing was missing");
    };
  }

  @Nested
  class SingleFile {

    private final byte[] content = "a model".getBytes(StandardCharsets.UTF_8);
    private final String sha256 = Archive.sha256(content);

    private Path file(Callable<InputStream> source) {
      return cache().file("models/m.gguf", content.length, sha256, source);
    }

    private Callable<InputStream> source() {
      return () -> new ByteArrayInputStream(content);
    }

    @Test
    void fileIsCopiedOnce() {
      assertThat(file(source())).hasBinaryContent(content);
      assertThat(file(unused())).hasBinaryContent(content);
    }

    @Test
    void interruptionIsNotBlamedOnTheFolder() {
      Thread.currentThread().interrupt();
      try {
        assertThatThrownBy(() -> file(source())).isInstanceOf(CallInterruptedException.class);
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
      } finally {
        boolean unused = Thread.interrupted();
      }
      assertThat(file(source())).hasBinaryContent(content);
    }

    @Test
    void fileIsCopiedAgainWhenTruncated() throws IOException {
      Path file = file(source());
      Files.write(file, new byte[] {1});

      assertThat(file(source())).hasBinaryContent(content);
    }

    @Test
    void emptyFileIsCopied() {
      Path empty =
          cache().file("empty", 0, Archive.sha256(new byte[0]), InputStream::nullInputStream);

      assertThat(empty).exists().isEmptyFile();
    }

    @Test
    void sourceThatFailsHalfWayLeavesNothing() throws IOException {
      assertThatThrownBy(() -> file(broken(content, 3)))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("the jar's disk is gone");

      assertThat(filesBelow(temp)).isEmpty();
    }

    @Test
    void wrongContentIsRefusedAndLeavesNothing() throws IOException {
      byte[] other = "b model".getBytes(StandardCharsets.UTF_8);

      assertThatThrownBy(() -> file(() -> new ByteArrayInputStream(other)))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("m.gguf is damaged on the class path")
          .hasMessageContaining("expected 7 bytes with SHA-256 " + sha256)
          .hasMessageContaining("Build or download its jar again");
      assertThat(filesBelow(temp)).isEmpty();
    }

    @Test
    void truncatedContentIsRefused() {
      assertThatThrownBy(() -> file(() -> new ByteArrayInputStream(content, 0, 3)))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("found 3 with");
    }
  }

  @Nested
  class Trees {

    private final Archive archive = Archive.of(FILES);

    private Path tree(Callable<InputStream> source) {
      return cache().tree("python/a-1234", archive.sha256(), source);
    }

    private void assertWhole(Path folder) throws IOException {
      List<String> expected = new ArrayList<>(FILES.keySet());
      expected.add("MANIFEST");
      assertThat(filesBelow(folder)).containsExactlyInAnyOrderElementsOf(expected);
      FILES.forEach((path, text) -> assertThat(folder.resolve(path)).hasContent(text));
      assertThat(UnpackedArchive.damaged(folder)).isEmpty();
    }

    @Test
    void archiveIsUnpackedOnce() throws IOException {
      assertWhole(tree(archive.source()));
      assertWhole(tree(unused()));
      assertThat(filesBelow(temp)).hasSize(FILES.size() + 1);
    }

    @Test
    void sourceThatFailsHalfWayLeavesNothing() throws IOException {
      for (int after : new int[] {0, 40, archive.bytes().length / 2, archive.bytes().length - 1}) {
        assertThatThrownBy(() -> tree(broken(archive.bytes(), after)))
            .as("after %d bytes", after)
            .isInstanceOf(PackageException.class)
            .hasMessageContaining("the jar's disk is gone");
        assertThat(filesBelow(temp)).as("after %d bytes", after).isEmpty();
      }
      assertWhole(tree(archive.source()));
    }

    @Test
    void wrongHashIsRefusedAndLeavesNothing() throws IOException {
      Archive other = Archive.of(Map.of("site/a.py", "evil"));

      assertThatThrownBy(() -> tree(other.source()))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("damaged")
          .hasMessageContaining(archive.sha256())
          .hasMessageContaining(other.sha256());
      assertThat(filesBelow(temp)).isEmpty();
    }

    @Test
    void damagedArchiveIsNotBlamedOnTheFolder() throws IOException {
      byte[] flipped = archive.bytes().clone();
      for (int i = 35; i < 80; i++) {
        flipped[i] ^= 0x55;
      }

      assertThatThrownBy(() -> tree(() -> new ByteArrayInputStream(flipped)))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("damaged")
          .hasMessageContaining("Build or download its jar again")
          .hasMessageNotContaining("Cannot write to the cache folder");
      assertThat(filesBelow(temp)).isEmpty();
    }

    @Test
    void truncatedArchiveIsNotBlamedOnTheFolder() {
      byte[] bytes = archive.bytes();

      assertThatThrownBy(() -> tree(() -> new ByteArrayInputStream(bytes, 0, 60)))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("damaged")
          .hasMessageNotContaining("Cannot write to the cache folder");
    }

    @Test
    void missingAndTruncatedFilesAreRepaired() throws IOException {
      Path folder = tree(archive.source());
      Files.delete(folder.resolve("site/a.py"));
      Files.writeString(folder.resolve("site/package/b.py"), "pr");
      Files.delete(folder.resolve("home/empty"));

      assertWhole(tree(archive.source()));
    }

    @Test
    void wholeFolderIsRepairedAfterItsManifestWasLost() throws IOException {
      Path folder = tree(archive.source());
      Files.delete(folder.resolve("MANIFEST"));
      Files.delete(folder.resolve("site/package/b.py"));
      Files.delete(folder.resolve("site/package"));

      assertWhole(tree(archive.source()));
    }

    @Test
    void repairFromAWrongArchiveIsRefused() throws IOException {
      Path folder = tree(archive.source());
      Files.delete(folder.resolve("site/a.py"));
      Archive other = Archive.of(Map.of("site/a.py", "evil"));

      assertThatThrownBy(() -> tree(other.source()))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("damaged");
      assertThat(folder.resolve("site/a.py")).doesNotExist();
      assertWhole(tree(archive.source()));
    }

    @Test
    void changedFileOfTheSameSizeIsFoundByReadingAll() throws IOException {
      Path folder = tree(archive.source());
      Files.writeString(folder.resolve("site/a.py"), "print('x')");

      assertThat(UnpackedArchive.damaged(folder)).containsExactly("site/a.py");
    }

    @Test
    void archiveThatLacksWhatItsManifestNamesIsRefused() throws IOException {
      Archive lacking = Archive.of(Map.of("site/a.py", "a"), Archive.manifest(FILES));

      assertThatThrownBy(() -> cache().tree("python/b", lacking.sha256(), lacking.source()))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining("lacks files that its own MANIFEST names");
    }

    @Test
    void archiveWithoutAManifestIsRefused() {
      Archive bare = Archive.zip(Map.of("site/a.py", "a"));

      assertThatThrownBy(() -> cache().tree("python/b", bare.sha256(), bare.source()))
          .isInstanceOf(PackageException.class);
    }

    @Test
    void entriesThatLeaveTheFolderAreRefused() throws IOException {
      for (String name : List.of("../evil.py", "site/../../evil.py", temp + "/evil.py")) {
        Archive evil = Archive.of(Map.of(name, "evil"));

        assertThatThrownBy(() -> cache().tree("python/evil", evil.sha256(), evil.source()))
            .as(name)
            .isInstanceOf(PackageException.class)
            .hasMessageContaining("names a file outside its folder")
            .hasMessageContaining(name);
        assertThat(filesBelow(temp)).as(name).isEmpty();
      }
    }

    @Test
    void leftoversOfAnotherProcessThatDiedAreRemoved() throws IOException {
      Path leftover = temp.resolve("cache/python/.a-1234.999999999.partial");
      Path other = temp.resolve("cache/python/.a-1234.b.999999999.partial");
      for (Path partial : List.of(leftover, other)) {
        Files.createDirectories(partial.resolve("site"));
        Files.writeString(partial.resolve("site/a.py"), "half");
      }

      assertWhole(tree(archive.source()));
      assertThat(leftover).doesNotExist();
      assertThat(other).as("of another folder").exists();
    }

    @Test
    void leftoversOfAProcessThatDiedDoNotMatter() throws IOException {
      Path leftover = temp.resolve("cache/python/.a-1234." + ProcessHandle.current().pid());
      Path partial = leftover.resolveSibling(leftover.getFileName() + ".partial");
      Files.createDirectories(partial.resolve("site"));
      Files.writeString(partial.resolve("site/a.py"), "half");

      assertWhole(tree(archive.source()));
    }

    @Test
    void concurrentThreadsUnpackOnce() throws Exception {
      for (int round = 0; round < 20; round++) {
        CacheFolder cache = CacheFolder.at(temp.resolve("round-" + round));
        AtomicInteger opened = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(4);
        List<Task<Path>> tasks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          tasks.add(
              Task.of(
                  () -> {
                    start.await();
                    return cache.tree(
                        "python/a",
                        archive.sha256(),
                        () -> {
                          opened.incrementAndGet();
                          return archive.source().call();
                        });
                  }));
        }
        for (Task<Path> task : tasks) {
          assertWhole(task.result());
        }
        assertThat(opened).hasValue(1);
      }
    }
  }

  @Nested
  class Place {

    @Test
    void propertyPrecedesVariableWhichPrecedesXdgAndHome() {
      assertThat(CacheFolder.locate("/property", "/variable", "/xdg", "/home/u"))
          .isEqualTo(Path.of("/property"));
      assertThat(CacheFolder.locate(null, "/variable", "/xdg", "/home/u"))
          .isEqualTo(Path.of("/variable"));
      assertThat(CacheFolder.locate(null, null, "/xdg", "/home/u"))
          .isEqualTo(Path.of("/xdg/terrarium"));
      assertThat(CacheFolder.locate(null, null, null, "/home/u"))
          .isEqualTo(Path.of("/home/u/.cache/terrarium"));
    }

    @Test
    void blankMeansNotSet() {
      assertThat(CacheFolder.locate(" ", "", "\t", "/home/u"))
          .isEqualTo(Path.of("/home/u/.cache/terrarium"));
    }

    @Test
    void rootIsAbsoluteAndNormal() {
      assertThat(CacheFolder.at(Path.of("a/../b")).root()).isEqualTo(Path.of("b").toAbsolutePath());
    }

    /** A folder below a regular file: nobody can write there, not even root. */
    @Test
    void folderThatCannotBeWrittenIsNamedWithTheSetting() throws IOException {
      Path file = Files.writeString(temp.resolve("file"), "no folder");
      CacheFolder cache = CacheFolder.at(file.resolve("cache"));
      Archive archive = Archive.of(FILES);

      assertThatThrownBy(() -> cache.tree("python/a", archive.sha256(), archive.source()))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining(file.resolve("cache").toString())
          .hasMessageContaining("-Dterrarium.cache=FOLDER")
          .hasMessageContaining("TERRARIUM_CACHE");
      assertThatThrownBy(
              () -> cache.file("m", 1, "00", () -> new ByteArrayInputStream(new byte[1])))
          .isInstanceOf(PackageException.class)
          .hasMessageContaining(file.resolve("cache").toString())
          .hasMessageContaining("-Dterrarium.cache=FOLDER");
    }
  }

  @Nested
  class Pruning {

    private Path laidOut(String name) throws IOException {
      Path folder = Files.createDirectories(temp.resolve("cache/python").resolve(name));
      Files.writeString(folder.resolve("a.py"), "a = 1");
      return folder;
    }

    @Test
    void pruneRemovesUnusedFolders() throws IOException {
      Path old = laidOut("old");
      Path kept = laidOut("kept");

      assertThat(cache().prune("python", kept::equals)).containsExactly(new Removed(old, 5));

      assertThat(filesBelow(temp.resolve("cache"))).containsExactly("python/kept/a.py");
      assertThat(cache().prune("models", entry -> false)).isEmpty();
    }

    @Test
    void pruneLeavesFoldersThatThisProcessUses() throws IOException {
      Path used = laidOut("used");
      Path file = cache().file("python/used/a.py", 5, "", unused());

      assertThat(cache().prune("python", entry -> false)).isEmpty();
      assertThat(file).isEqualTo(used.resolve("a.py")).exists();
    }

    @Test
    void pruneLeavesFoldersThatAnotherProcessUsesUntilItEnds() throws Exception {
      Path used = laidOut("used");
      Process other =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  User.class.getName(),
                  temp.resolve("cache").toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try {
        assertThat(other.getInputStream().read()).isEqualTo('!');
        assertThat(cache().prune("python", entry -> false)).isEmpty();
        other.destroyForcibly().waitFor();
        assertThat(cache().prune("python", entry -> false)).containsExactly(new Removed(used, 5));
      } finally {
        other.destroyForcibly();
      }
    }
  }

  /** The program of a process that uses a folder until the process is ended. */
  static final class User {

    private User() {}

    public static void main(String[] arguments) throws IOException {
      CacheFolder.at(Path.of(arguments[0])).file("python/used/a.py", 5, "", unused());
      System.out.print('!');
      System.out.flush();
      int unused = System.in.read();
    }
  }
}
