package dev.terrarium.packaging;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whole folders: listed, copied, deleted. */
final class FileTrees {

  private FileTrees() {}

  /** The regular files below a folder by their relative path with {@code /}, sorted. */
  static SortedMap<String, Path> list(Path folder) throws IOException {
    SortedMap<String, Path> files = new TreeMap<>();
    if (!Files.isDirectory(folder)) {
      return files;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      all.filter(Files::isRegularFile)
          .forEach(file -> files.put(folder.relativize(file).toString().replace('\\', '/'), file));
    }
    return files;
  }

  /** The regular files below several folders. */
  static SortedMap<String, Path> list(List<Path> folders) throws IOException {
    SortedMap<String, Path> files = new TreeMap<>();
    for (Path folder : folders) {
      files.putAll(list(folder));
    }
    return files;
  }

  /** Copies the files that are wanted, judged by their relative path. */
  static void copy(Path from, Path to, Predicate<String> wanted) throws IOException {
    for (var file : list(from).entrySet()) {
      if (wanted.test(file.getKey())) {
        copyFile(file.getValue(), to.resolve(file.getKey()));
      }
    }
  }

  static void copyFile(Path from, Path to) throws IOException {
    createParent(to);
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Writes a file whose name comes from an archive, which must not lead out of the folder. */
  static void write(InputStream in, Path folder, String name) throws IOException {
    Path file = folder.resolve(name).normalize();
    if (!file.startsWith(folder)) {
      throw new PackagingException("An archive names a file outside its folder: " + name);
    }
    createParent(file);
    Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
  }

  static void createParent(Path file) throws IOException {
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) { // another process deletes it, too
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            Files.deleteIfExists(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
