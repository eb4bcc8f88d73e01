package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Folders of finished work, each named by its kind and by the fingerprint of what it was made from.
 * A folder has another name until it is whole, so what is there can be trusted, however an earlier
 * build ended. Safe between threads and between processes: one makes a folder, the others wait.
 *
 * <p>It lies in {@code packages} below Terrarium's cache folder: the system property {@code
 * terrarium.cache}, else the environment variable {@code TERRARIUM_CACHE}, else {@code terrarium}
 * below {@code XDG_CACHE_HOME} or {@code ~/.cache}.
 */
final class BuildCache {

  /** Makes the content of a new folder. */
  interface Step {
    void fill(Path folder) throws IOException;
  }

  private static final int KEPT_OF_EACH_KIND = 4;
  private static final Map<Path, ReentrantLock> IN_PROCESS = new ConcurrentHashMap<>();

  private final Path root;
  private final Consumer<String> progress;

  BuildCache(Path cache, Consumer<String> progress) {
    this.root = cache.toAbsolutePath().normalize().resolve("packages");
    this.progress = progress;
  }

  static Path locate(
      @Nullable String property, Map<String, String> environment, @Nullable String userHome) {
    if (property != null && !property.isBlank()) {
      return Path.of(property);
    }
    String variable = environment.getOrDefault("TERRARIUM_CACHE", "");
    if (!variable.isBlank()) {
      return Path.of(variable);
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    return xdg.isBlank()
        ? Path.of(userHome == null ? "" : userHome, ".cache", "terrarium")
        : Path.of(xdg, "terrarium");
  }

  /** The folder of this kind and fingerprint, which the step fills when it is not there. */
  Path folder(String kind, Fingerprint fingerprint, Step step) {
    Path target = root.resolve(kind + "-" + fingerprint.hex().substring(0, 32));
    try {
      if (!isThere(target)) {
        Files.createDirectories(root);
        locked(
            target,
            () -> {
              if (!isThere(target)) {
                make(target, step);
                prune(kind, target);
              }
            });
      }
      return target;
    } catch (IOException e) {
      throw new PackagingException(
          "Cannot write to the cache folder "
              + root
              + " ("
              + e
              + "). Free some space or make it writable, or name another folder with"
              + " TERRARIUM_CACHE.",
          e);
    }
  }

  private static boolean isThere(Path target) {
    if (!Files.isDirectory(target)) {
      return false;
    }
    try {
      Files.setLastModifiedTime(target, FileTime.from(Instant.now()));
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      return true; // a cache that may only be read serves too
    }
  }

  private void make(Path target, Step step) throws IOException {
    for (Path leftover : list("\\." + nameOf(target) + "\\.partial-.*")) {
      FileTrees.delete(leftover);
    }
    Path partial = partial(target);
    try {
      Files.createDirectory(partial);
      step.fill(partial);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      FileTrees.delete(partial);
    }
  }

  /**
   * Deletes the folders of a kind that have not been used for longest, and what killed builds left.
   */
  private void prune(String kind, Path newest) throws IOException {
    List<Path> oldest =
        list(kind + "-[0-9a-f]{32}").stream()
            .filter(path -> !path.equals(newest))
            .sorted(Comparator.comparing((Path path) -> path.toFile().lastModified()).reversed())
            .skip(KEPT_OF_EACH_KIND - 1)
            .toList();
    for (Path old : oldest) {
      Path partial = partial(old);
      try {
        Files.move(old, partial, StandardCopyOption.ATOMIC_MOVE);
      } catch (NoSuchFileException e) {
        continue; // another build was first
      }
      FileTrees.delete(partial);
    }
    Instant dayAgo = Instant.now().minus(Duration.ofDays(1));
    for (Path partial : list("\\." + kind + "-[0-9a-f]{32}\\.partial-.*")) {
      // Of one that is gone meanwhile it is 0.
      if (Instant.ofEpochMilli(partial.toFile().lastModified()).isBefore(dayAgo)) {
        FileTrees.delete(partial);
      }
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private void locked(Path target, Work work) throws IOException {
    ReentrantLock inProcess = IN_PROCESS.computeIfAbsent(target, path -> new ReentrantLock());
    inProcess.lock();
    try (FileChannel channel =
        FileChannel.open(
            root.resolve("." + nameOf(target) + ".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        progress.accept("Waiting for another build that makes " + nameOf(target) + "...");
        lock = channel.lock();
      }
      try {
        work.run();
      } finally {
        lock.release();
      }
    } finally {
      inProcess.unlock();
    }
  }

  private List<Path> list(String namePattern) throws IOException {
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(path -> nameOf(path).matches(namePattern)).toList();
    }
  }

  private static Path partial(Path target) {
    return target.resolveSibling("." + nameOf(target) + ".partial-" + UUID.randomUUID());
  }

  private static String nameOf(Path path) {
    return String.valueOf(path.getFileName());
  }
}
