package dev.terrarium.internal.resource;

import dev.terrarium.error.PackageException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A folder unpacked from a zip whose entry {@code MANIFEST} lists every other entry as {@code
 * <size> <sha256> <path>}. Immutable; the process owns the files, under the cache folder's lock.
 */
public final class UnpackedArchive {

  private static final String MANIFEST = "MANIFEST";

  /** One file of the manifest. */
  public record Entry(long size, String sha256, String path) {}

  private UnpackedArchive() {}

  /**
   * Returns the manifest of an unpacked folder.
   *
   * @throws PackageException when the manifest is missing or cannot be read
   */
  public static List<Entry> manifest(Path folder) {
    try {
      return Files.readAllLines(folder.resolve(MANIFEST)).stream()
          .map(UnpackedArchive::parse)
          .toList();
    } catch (IOException | IllegalArgumentException e) {
      throw new PackageException("No readable MANIFEST in " + folder + ": " + e, e);
    }
  }

  private static Entry parse(String line) {
    String[] words = line.split(" ", 3);
    if (words.length != 3) {
      throw new IllegalArgumentException("not a manifest line: " + line);
    }
    return new Entry(Long.parseLong(words[0]), words[1], words[2]);
  }

  /**
   * Returns the files of an unpacked folder whose content differs from the manifest; reads all
   * files.
   *
   * @throws PackageException when there is no manifest
   */
  public static List<String> damaged(Path folder) {
    return manifest(folder).stream()
        .filter(entry -> !hasContent(folder.resolve(entry.path()), entry.sha256()))
        .map(Entry::path)
        .toList();
  }

  private static boolean hasContent(Path file, String sha256) {
    try (DigestInputStream in =
        new DigestInputStream(Files.newInputStream(file), Sha256.digest())) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest()).equals(sha256);
    } catch (IOException e) {
      return false;
    }
  }

  static boolean isWhole(Path folder) {
    if (!folder.resolve(MANIFEST).toFile().isFile()) {
      return false;
    }
    try {
      return manifest(folder).stream().allMatch(entry -> hasSize(folder, entry));
    } catch (PackageException e) {
      return false;
    }
  }

  private static boolean hasSize(Path folder, Entry entry) {
    return hasSize(new File(folder.toFile(), entry.path()), entry.size());
  }

  static boolean hasSize(File file, long size) {
    return file.length() == size && (size > 0 || file.isFile());
  }

  /** Unpacks the complete archive to a folder that nobody uses yet. */
  static void unpack(Path folder, String sha256, Callable<InputStream> source) throws Exception {
    Files.createDirectories(folder);
    read(
        source,
        sha256,
        (name, in) -> {
          Path file = inside(folder, name);
          Files.createDirectories(CacheFolder.parentOf(file));
          try (OutputStream out = Files.newOutputStream(file)) {
            in.transferTo(out);
          }
        });
  }

  /**
   * Replaces, one by one and each atomically, the files that are missing or whose size differs from
   * the archive's own manifest. Other processes may be using the folder meanwhile.
   */
  static void repair(Path folder, String sha256, Callable<InputStream> source) throws Exception {
    Map<String, byte[]> manifestBytes = new HashMap<>();
    read(
        source,
        sha256,
        (name, in) -> {
          if (name.equals(MANIFEST)) {
            manifestBytes.put(name, in.readAllBytes());
          }
        });
    byte[] bytes = manifestBytes.get(MANIFEST);
    if (bytes == null) {
      throw new PackageException("The archive for " + folder + " holds no MANIFEST.");
    }
    Map<String, Entry> wrong = new HashMap<>();
    new String(bytes, StandardCharsets.UTF_8)
        .lines()
        .map(UnpackedArchive::parse)
        .filter(entry -> !hasSize(folder, entry))
        .forEach(entry -> wrong.put(entry.path(), entry));
    read(
        source,
        sha256,
        (name, in) -> {
          if (wrong.containsKey(name) || name.equals(MANIFEST)) {
            Path file = inside(folder, name);
            Path partial = CacheFolder.partial(file);
            Files.createDirectories(CacheFolder.parentOf(file));
            Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
            CacheFolder.move(partial, file);
          }
        });
  }

  private interface EntryReader {
    void accept(String name, InputStream content) throws IOException;
  }

  private static void read(Callable<InputStream> source, String sha256, EntryReader reader)
      throws Exception {
    try (DigestInputStream in =
        new DigestInputStream(new BufferedInputStream(source.call(), 1 << 16), Sha256.digest())) {
      ZipInputStream zip = new ZipInputStream(in);
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (!entry.isDirectory()) {
          reader.accept(entry.getName(), zip);
        }
      }
      in.transferTo(OutputStream.nullOutputStream());
      String seen = HexFormat.of().formatHex(in.getMessageDigest().digest());
      if (!seen.equals(sha256)) {
        throw damaged("expected SHA-256 " + sha256 + ", found " + seen, null);
      }
    } catch (ZipException | EOFException e) {
      throw damaged(e.toString(), e);
    }
  }

  private static PackageException damaged(String how, @Nullable Throwable cause) {
    return new PackageException(
        "A Python package archive on the class path is damaged: "
            + how
            + ". Build or download its jar again.",
        cause);
  }

  private static Path inside(Path folder, String name) {
    Path file = folder.resolve(name).normalize();
    if (!file.startsWith(folder)) {
      throw new PackageException("The archive names a file outside its folder: " + name);
    }
    return file;
  }
}
