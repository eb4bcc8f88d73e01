package dev.terrarium.internal.resource;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.PackageException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The user's cache folder, in which archives and models of the class path are stored as files, once
 * for each content. Thread-safe, and safe between processes: a file or folder has another name
 * until it is complete, and only one process writes it.
 *
 * <p>The folder is named by the system property {@code terrarium.cache}, else by the environment
 * variable {@code TERRARIUM_CACHE}, else {@code terrarium} below {@code XDG_CACHE_HOME} or {@code
 * ~/.cache}.
 */
public final class CacheFolder {

  /** The end of a message about a folder that cannot be written to, with the remedy. */
  public static final String ANOTHER_ONE =
      "name another one with -Dterrarium.cache=FOLDER or TERRARIUM_CACHE.";

  private static final String PARTIAL = ".partial";

  private final Path root;

  private CacheFolder(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  /** Returns the folder that system properties and environment name. */
  public static CacheFolder ofDefaults() {
    return new CacheFolder(
        locate(
            System.getProperty("terrarium.cache"),
            System.getenv("TERRARIUM_CACHE"),
            System.getenv("XDG_CACHE_HOME"),
            System.getProperty("user.home")));
  }

  public static CacheFolder at(Path root) {
    return new CacheFolder(root);
  }

  static Path locate(
      @Nullable String property, @Nullable String variable, @Nullable String xdg, String home) {
    if (property != null && !property.isBlank()) {
      return Path.of(property);
    }
    if (variable != null && !variable.isBlank()) {
      return Path.of(variable);
    }
    if (xdg != null && !xdg.isBlank()) {
      return Path.of(xdg, "terrarium");
    }
    return Path.of(home, ".cache", "terrarium");
  }

  public Path root() {
    return root;
  }

  /**
   * Checks that the kernel loads code from this folder.
   *
   * @param what the object to be loaded from the folder, as the beginning of a sentence
   * @throws PackageException when the folder is on a file system that is mounted with {@code
   *     noexec}
   */
  public void requireCode(String what) {
    if (Mounts.refuseCode(root)) {
      throw new PackageException(
          what
              + " cannot be loaded from the cache folder "
              + root
              + ", which is on a file system that is mounted with noexec. Mount it without, or "
              + ANOTHER_ONE);
    }
  }

  /**
   * Returns a file of known content, which is copied from the source when it is missing or has
   * another size.
   *
   * @param relative the file's path below the root
   * @param size the file's size in bytes
   * @param sha256 hash of the content, in hex; checked while copying
   * @param source opens the content
   * @throws PackageException when the folder cannot be written or the content does not have that
   *     hash
   * @throws CallInterruptedException when the calling thread is interrupted, whose interrupt flag
   *     is set again
   */
  public Path file(String relative, long size, String sha256, Callable<InputStream> source) {
    Path target = claimed(relative);
    if (UnpackedArchive.hasSize(target.toFile(), size)) {
      return target;
    }
    return locked(
        target,
        () -> {
          if (UnpackedArchive.hasSize(target.toFile(), size)) {
            return target;
          }
          replace(target, source, size, sha256);
          return target;
        });
  }

  /**
   * Returns a folder of known content. Each file named in the archive's {@code MANIFEST} must exist
   * in its size; files that do not are unpacked again.
   *
   * @param relative the folder's path below the root
   * @param sha256 hash of the archive, in hex
   * @param source opens the archive, a zip
   * @throws PackageException when the folder cannot be written or the archive does not have that
   *     hash
   * @throws CallInterruptedException when the calling thread is interrupted, whose interrupt flag
   *     is set again
   */
  public Path tree(String relative, String sha256, Callable<InputStream> source) {
    Path target = claimed(relative);
    if (UnpackedArchive.isWhole(target)) {
      return target;
    }
    return locked(
        target,
        () -> {
          if (UnpackedArchive.isWhole(target)) {
            return target;
          }
          if (Files.isDirectory(target)) {
            UnpackedArchive.repair(target, sha256, source);
          } else {
            removePartials(target);
            Path partial = partial(target);
            try {
              UnpackedArchive.unpack(partial, sha256, source);
              move(partial, target);
            } finally {
              deleteRecursively(partial);
            }
          }
          if (!UnpackedArchive.isWhole(target)) {
            throw new PackageException(
                "The archive for " + target + " lacks files that its own MANIFEST names.");
          }
          return target;
        });
  }

  /**
   * Returns the path below the root, and locks its folder of the second level as used until this
   * process ends.
   */
  private Path claimed(String relative) {
    Path place = Path.of(relative);
    if (place.getNameCount() > 1) {
      InUseLocks.hold(root.resolve(place.subpath(0, 2)));
    }
    return root.resolve(place);
  }

  /**
   * Removes the folders of one kind that are not to be kept and that no process uses, including
   * this one.
   *
   * @param kind a folder below the root, such as {@code python}
   * @return the removed folders
   * @throws PackageException when a folder cannot be removed
   */
  public List<Removed> prune(String kind, Predicate<Path> kept) {
    Path folder = root.resolve(kind);
    List<Removed> removed = new ArrayList<>();
    try (Stream<Path> entries = Files.isDirectory(folder) ? Files.list(folder) : Stream.empty()) {
      for (Path entry : entries.filter(Files::isDirectory).sorted().toList()) {
        if (!entry.getFileName().toString().startsWith(".") && !kept.test(entry)) {
          InUseLocks.ifUnused(entry, () -> removed.add(remove(entry)));
        }
      }
      return removed;
    } catch (IOException e) {
      throw new PackageException("Cannot remove what is unused in " + folder + ": " + e + ".", e);
    }
  }

  /**
   * Removes the files that processes left which were killed while they unpacked; the target is
   * locked.
   */
  private static void removePartials(Path target) throws IOException {
    Pattern names =
        Pattern.compile(Pattern.quote("." + target.getFileName()) + "\\.\\d+" + PARTIAL);
    try (Stream<Path> files = Files.list(parentOf(target))) {
      for (Path file : files.toList()) {
        if (names.matcher(file.getFileName().toString()).matches()) {
          deleteRecursively(file);
        }
      }
    }
  }

  private static Removed remove(Path entry) throws IOException {
    Path partial = partial(entry);
    deleteRecursively(partial); // left by a killed process of the same number
    move(entry, partial); // renamed first, so that no entry is incomplete under its own name
    long bytes = 0;
    try (Stream<Path> files = Files.walk(partial)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }
    deleteRecursively(partial);
    return new Removed(entry, bytes);
  }

  /** Runs the work while neither another thread nor another process works on the same target. */
  private <T> T locked(Path target, Callable<T> work) {
    synchronized (monitor(target)) {
      try {
        Path parent = parentOf(target);
        Files.createDirectories(parent);
        try (FileChannel channel =
            FileChannel.open(
                parent.resolve("." + target.getFileName() + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
          var held = channel.lock();
          try {
            return work.call();
          } finally {
            held.release();
          }
        }
      } catch (PackageException e) {
        throw e;
      } catch (ClosedByInterruptException | FileLockInterruptionException e) {
        Thread.currentThread().interrupt();
        throw new CallInterruptedException("Interrupted while laying out " + target + ".", e);
      } catch (IOException e) {
        throw new PackageException(
            "Cannot write to the cache folder "
                + root
                + " ("
                + e
                + "). Make it writable, or "
                + ANOTHER_ONE,
            e);
      } catch (Exception e) {
        throw new PackageException("Cannot lay out " + target + ": " + e, e);
      }
    }
  }

  /**
   * Returns the object on which threads of this process synchronize for a target, whichever class
   * loader they come through: file locks belong to the whole JVM, and so do its interned texts.
   */
  private static Object monitor(Path target) {
    return ("terrarium.cache " + target).intern();
  }

  static void replace(Path target, Callable<InputStream> source, long size, String sha256)
      throws Exception {
    Path partial = partial(target);
    Files.createDirectories(parentOf(target));
    try {
      String seen;
      try (InputStream in = source.call();
          DigestOutputStream out =
              new DigestOutputStream(Files.newOutputStream(partial), Sha256.digest())) {
        in.transferTo(out);
        seen = HexFormat.of().formatHex(out.getMessageDigest().digest());
      }
      if (Files.size(partial) != size || !seen.equals(sha256)) {
        throw new PackageException(
            "The content for "
                + target
                + " is damaged on the class path: expected "
                + size
                + " bytes with SHA-256 "
                + sha256
                + ", found "
                + Files.size(partial)
                + " with "
                + seen
                + ". Build or download its jar again.");
      }
      move(partial, target);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("The file system cannot rename atomically", e);
    }
  }

  static Path partial(Path target) {
    return target.resolveSibling(
        "." + target.getFileName() + "." + ProcessHandle.current().pid() + PARTIAL);
  }

  static Path parentOf(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new PackageException(path + " has no parent folder.");
    }
    return parent;
  }

  private static void deleteRecursively(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    }
  }

  /** A folder that was removed, and the size of its files. */
  public record Removed(Path place, long bytes) {}
}
