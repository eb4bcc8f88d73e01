package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class BuildCacheTest {

  private final Path folder;

  BuildCacheTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void whatIsThereIsNotMadeAgain() throws IOException {
    AtomicInteger made = new AtomicInteger();
    Path first = cache().folder("kind", key("a"), empty -> made.incrementAndGet());
    Path again = cache().folder("kind", key("a"), empty -> made.incrementAndGet());
    Path other = cache().folder("kind", key("b"), empty -> made.incrementAndGet());
    assertThat(made).hasValue(2);
    assertThat(again).isEqualTo(first).isNotEqualTo(other).isDirectory();
  }

  @Test
  void aStepThatFailsLeavesNothing() throws IOException {
    assertThatThrownBy(
            () ->
                cache()
                    .folder(
                        "kind",
                        key("a"),
                        empty -> {
                          Files.writeString(empty.resolve("half"), "");
                          throw new IOException("disk full");
                        }))
        .hasMessageContainingAll("disk full", "TERRARIUM_CACHE");
    assertThat(folders()).isEmpty();
  }

  @Test
  void anotherProcessThatIsKilledHalfWayLeavesNothingThatIsTrusted() throws Exception {
    Process killed = another("killed", Duration.ofMinutes(1));
    awaitFile(folder.resolve("killed.started"));
    killed.destroyForcibly().waitFor();
    assertThat(folders()).hasSize(1).allMatch(name -> name.contains(".partial-"));

    Path made =
        cache().folder("kind", key("a"), empty -> Files.writeString(empty.resolve("file"), "mine"));
    assertThat(made.resolve("file")).hasContent("mine");
    assertThat(folders()).hasSize(1).noneMatch(name -> name.contains(".partial-"));
  }

  @Test
  void ofTwoProcessesOneMakesItAndTheOtherWaits() throws Exception {
    Process first = another("first", Duration.ofSeconds(1));
    awaitFile(folder.resolve("first.started"));
    List<String> said = new ArrayList<>();
    Path seen =
        new BuildCache(folder, said::add)
            .folder("kind", key("a"), empty -> Files.writeString(empty.resolve("file"), "mine"));
    assertThat(seen.resolve("file")).hasContent("first");
    assertThat(said).hasSize(1).allMatch(line -> line.startsWith("Waiting for another build"));
    assertThat(first.waitFor()).isZero();
  }

  @Test
  void ofTwoThreadsOneMakesIt() throws Exception {
    AtomicInteger made = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Path>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(
            threads.submit(
                () -> cache().folder("kind", key("a"), empty -> made.incrementAndGet())));
      }
      for (Future<Path> one : all) {
        assertThat(one.get(30, TimeUnit.SECONDS)).isDirectory();
      }
    }
    assertThat(made).hasValue(1);
  }

  @Test
  void theNewestFourOfAKindAreKept() throws IOException {
    for (int i = 0; i < 6; i++) {
      Path made = cache().folder("kind", key("number " + i), empty -> {});
      Files.setLastModifiedTime(made, FileTime.fromMillis(1_000_000_000_000L + i * 1000L));
    }
    cache().folder("other", key("a"), empty -> {});
    assertThat(folders()).filteredOn(name -> name.startsWith("kind-")).hasSize(4);
    assertThat(folders()).filteredOn(name -> name.startsWith("other-")).hasSize(1);
  }

  @Test
  void thePropertyNamesTheFolderBeforeTheVariables() {
    Map<String, String> variables = Map.of("TERRARIUM_CACHE", "/t", "XDG_CACHE_HOME", "/x");
    assertThat(BuildCache.locate("/p", variables, "/home")).isEqualTo(Path.of("/p"));
    assertThat(BuildCache.locate("", variables, "/home")).isEqualTo(Path.of("/t"));
    assertThat(BuildCache.locate(null, Map.of("XDG_CACHE_HOME", "/x"), "/home"))
        .isEqualTo(Path.of("/x/terrarium"));
    assertThat(BuildCache.locate(null, Map.of(), "/home"))
        .isEqualTo(Path.of("/home/.cache/terrarium"));
  }

  /** Another JVM that makes the folder "a" and takes its time. */
  private Process another(String name, Duration time) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Maker.class.getName(),
            folder.toString(),
            name,
            String.valueOf(time.toMillis()))
        .inheritIO()
        .start();
  }

  static final class Maker {

    private Maker() {}

    public static void main(String[] args) throws IOException {
      Path folder = Path.of(args[0]);
      new BuildCache(folder, line -> {})
          .folder(
              "kind",
              key("a"),
              empty -> {
                Files.writeString(empty.resolve("file"), args[1]);
                Files.writeString(folder.resolve(args[1] + ".started"), "");
                try {
                  Thread.sleep(Long.parseLong(args[2]));
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
              });
    }
  }

  private static void awaitFile(Path file) throws InterruptedException {
    while (!Files.exists(file)) {
      Thread.sleep(10);
    }
  }

  private BuildCache cache() {
    return new BuildCache(folder, line -> {});
  }

  private static Fingerprint key(String text) throws IOException {
    return new Fingerprint().add(text);
  }

  private List<String> folders() throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve("packages"))) {
      return all.filter(Files::isDirectory).map(path -> path.toFile().getName()).toList();
    }
  }
}
