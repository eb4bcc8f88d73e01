package dev.terrarium.internal.context;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.graalvm.polyglot.io.FileSystem;

/**
 * The file system of a restricted context, which can read some folders. A requested path is first
 * resolved through {@code ..} and links, and must then lie in one of the folders; a path elsewhere
 * behaves the same whether or not a file exists there. Thread-safe.
 */
final class PackageFiles implements FileSystem {

  private static final Set<StandardOpenOption> READING = Set.of(StandardOpenOption.READ);

  private final FileSystem host = FileSystem.newDefaultFileSystem();

  /** The readable folders as absolute paths, each as it was given and as it really is. */
  private final List<Path> folders = new CopyOnWriteArrayList<>();

  private volatile Path workingFolder;

  PackageFiles(Path workingFolder) {
    this.workingFolder = workingFolder;
  }

  /** Allows reading one more folder, with everything below it. */
  PackageFiles allow(Path folder) throws IOException {
    folders.add(folder.toAbsolutePath().normalize());
    folders.add(folder.toRealPath());
    return this;
  }

  /** Returns the path itself, free of links, if a file exists there and may be read. */
  private Path existing(Path path) throws IOException {
    Path asked = toAbsolutePath(path).normalize();
    Path real;
    try {
      real = asked.toRealPath();
    } catch (IOException e) {
      if (allowed(asked)) {
        throw new NoSuchFileException(path.toString());
      }
      throw denied(path);
    }
    if (!allowed(real)) {
      throw denied(path);
    }
    return real;
  }

  private boolean allowed(Path path) {
    return folders.stream().anyMatch(path::startsWith);
  }

  private static AccessDeniedException denied(Path path) {
    return new AccessDeniedException(path.toString(), null, "not granted by the access profile");
  }

  @Override
  public Path parsePath(URI uri) {
    return host.parsePath(uri);
  }

  @Override
  public Path parsePath(String path) {
    return host.parsePath(path);
  }

  @Override
  public void checkAccess(Path path, Set<? extends AccessMode> modes, LinkOption... options)
      throws IOException {
    if (modes.contains(AccessMode.WRITE)) {
      throw denied(path);
    }
    host.checkAccess(existing(path), modes);
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    throw denied(folder);
  }

  @Override
  public void delete(Path path) throws IOException {
    throw denied(path);
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    throw denied(target);
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    throw denied(target);
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    throw denied(link);
  }

  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes)
      throws IOException {
    throw denied(link);
  }

  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    throw denied(link);
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options)
      throws IOException {
    throw denied(path);
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    if (!READING.containsAll(options)) {
      throw denied(path);
    }
    return Files.newByteChannel(existing(path), READING);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    return host.newDirectoryStream(existing(folder), filter);
  }

  @Override
  public Path toAbsolutePath(Path path) {
    return path.isAbsolute() ? path : workingFolder.resolve(path);
  }

  @Override
  public Path toRealPath(Path path, LinkOption... options) throws IOException {
    return existing(path);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
      throws IOException {
    return host.readAttributes(existing(path), attributes);
  }

  @Override
  public void setCurrentWorkingDirectory(Path folder) {
    workingFolder = toAbsolutePath(folder).normalize();
  }
}
