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
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
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
 * The user's cache folder: where archives and models of the class path are laid out as files, once
 * for each content. Thread-safe, and safe between processes: what is being written has another name
 * until it is whole, and only one process writes it.
 *
 * <p>It is the folder named by the system property {@code terrarium.cache}, else by the environment
 * variable {@code TERRARIUM_CACHE}, else {@code terrarium} below {@code XDG_CACHE_HOME} or {@code
 * ~/.cache}.
 */
public final class CacheFolder {

  /** What to do when it cannot be written to, as the end of a message. */
  public static final String ANOTHER_ONE =
      "name another one with -Dterrarium.cache=FOLDER or TERRARIUM_CACHE.";

  private static final String PARTIAL = ".partial";

  private final Path root;

  private CacheFolder(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  /** The folder that properties and environment name. */
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
   * Refuses a folder from which the kernel loads no code.
   *
   * @param what needs to be loaded from it, as the beginning of a sentence
   * @throws PackageException when it is on a file system that is mounted with {@code noexec}
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
   * A file of known content; copied from the source when it is missing or has another size.
   *
   * @param relative its place below the root
   * @param size in bytes
   * @param sha256 of its content, in hex; checked while copying
   * @param source opens the content
   * @throws PackageException when the folder cannot be written or the content is not the one named
   * @throws CallInterruptedException when the calling thread is interrupted; so it is then
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
   * A folder of known content. Each file named in the archive's {@code MANIFEST} must be there in
   * its size; those that are not are laid out again.
   *
   * @param relative its place below the root
   * @param sha256 of the archive, in hex
   * @param source opens the archive, a zip
   * @throws PackageException when the folder cannot be written or the archive is not the one named
   * @throws CallInterruptedException when the calling thread is interrupted; so it is then
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

  /** The place below the root; its folder of the second level is in use until this process ends. */
  private Path claimed(String relative) {
    Path place = Path.of(relative);
    if (place.getNameCount() > 1) {
      InUseLocks.hold(root.resolve(place.subpath(0, 2)));
    }
    return root.resolve(place);
  }

  /**
   * Removes the folders of one kind that are not to be kept and that no process has in use, this
   * one included.
   *
   * @param kind a folder below the root, such as {@code python}
   * @return what was removed
   * @throws PackageException when one cannot be removed
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

  /** What processes left that were killed while they unpacked; the target is locked. */
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
    deleteRecursively(partial); // of a process of this number that was killed
    move(entry, partial); // never half there under its name
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
   * What threads of this process have in common for a target, through whatever class loader they
   * come: file locks are the whole JVM's, and so are the texts of its pool.
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
              new DigestOutputStream(Files.newOutputStream(partial), newSha256())) {
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

  static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
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
