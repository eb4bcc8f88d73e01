package dev.terrarium.internal.context;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.internal.resource.Sha256;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A Python package of the user's own: the texts of its modules as they were read at one moment, and
 * the place of the package's other files. Immutable.
 *
 * @param name the package's name, which is that of its folder
 * @param place the package's folder, or its {@code __init__.py} in a jar
 * @param texts the modules' texts by their path below the folder, such as {@code sub/words.py}
 */
public record PackageSources(String name, URI place, Map<String, String> texts) {

  /** The module that makes a folder a package. */
  public static final String INIT = "__init__.py";

  private static final String FILE = "file";
  private static final String COMPILED = "__pycache__";
  private static final String MODULE = ".py";
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  /** What is called with each file of a package, by its path below the package's folder. */
  private interface FileVisitor {
    void visit(String path, InputStream content) throws IOException;
  }

  /**
   * Reads the package in a folder of this machine.
   *
   * @throws IOException when a file cannot be read
   * @throws ConfigurationException when a module is not UTF-8
   */
  public static PackageSources in(Path folder) throws IOException {
    Path absolute = folder.toAbsolutePath().normalize();
    SortedMap<String, String> texts = new TreeMap<>();
    for (String file : modules(absolute).keySet()) {
      texts.put(file, text(Files.readAllBytes(absolute.resolve(file)), absolute.resolve(file)));
    }
    return new PackageSources(
        String.valueOf(absolute.getFileName()),
        absolute.toUri(),
        Collections.unmodifiableSortedMap(texts));
  }

  /**
   * Reads the package of which this is the module {@code __init__.py}, in a folder or in a jar.
   *
   * @throws IOException when a file cannot be read
   * @throws ConfigurationException when a module is not UTF-8, or the URL is of another kind
   */
  public static PackageSources of(URL init) throws IOException {
    if (init.getProtocol().equals(FILE)) {
      return in(parent(Path.of(uri(init))));
    }
    String[] folders = init.getPath().split("/", -1);
    SortedMap<String, String> texts = new TreeMap<>();
    URI place = uri(init);
    visit(
        place,
        (file, content) -> {
          if (file.endsWith(MODULE)) {
            texts.put(file, text(content.readAllBytes(), file + " beside " + init));
          }
        });
    return new PackageSources(
        folders[folders.length - 2], place, Collections.unmodifiableSortedMap(texts));
  }

  /**
   * Returns the modules in a package's folder, sorted, with what tells whether a file was written
   * since.
   */
  static SortedMap<String, BasicFileAttributes> modules(Path folder) throws IOException {
    SortedMap<String, BasicFileAttributes> modules = new TreeMap<>();
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) {
            String name = String.valueOf(each.getFileName());
            return !each.equals(folder) && (name.startsWith(".") || name.equals(COMPILED))
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path each, BasicFileAttributes attributes)
              throws IOException {
            String file = folder.relativize(each).toString();
            if (file.endsWith(MODULE) && !String.valueOf(each.getFileName()).startsWith(".")) {
              modules.put(file, ofFile(each, attributes));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return modules;
  }

  /** Returns the attributes of a file itself, of which a link's attributes say nothing. */
  private static BasicFileAttributes ofFile(Path file, BasicFileAttributes attributes)
      throws IOException {
    return attributes.isSymbolicLink()
        ? Files.readAttributes(file, BasicFileAttributes.class)
        : attributes;
  }

  /** Returns a source's text, which must be UTF-8. */
  static String text(byte[] bytes, Object file) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ConfigurationException(
          "The Python file " + file + " is not UTF-8: save it in that encoding.", e);
    }
  }

  /**
   * Returns the package's folder. A package of a jar is unpacked into the cache folder, once for
   * each content.
   */
  Path folder(CacheFolder cache) throws IOException {
    if (FILE.equals(place.getScheme())) {
      return Path.of(place);
    }
    byte[] archive = archive();
    String sha256 = Sha256.hex(archive);
    return cache
        .tree(
            "python/own-" + name + "-" + sha256.substring(0, 16),
            sha256,
            () -> new ByteArrayInputStream(archive))
        .resolve(name);
  }

  /** Returns the files in a zip that depends on their names and contents only. */
  private byte[] archive() throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    visit(place, (file, content) -> files.put(name + "/" + file, content.readAllBytes()));
    StringBuilder manifest = new StringBuilder();
    files.forEach(
        (file, content) ->
            manifest.append(content.length + " " + Sha256.hex(content) + " " + file).append('\n'));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      write(zip, "MANIFEST", manifest.toString().getBytes(StandardCharsets.UTF_8));
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        write(zip, file.getKey(), file.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static void write(ZipOutputStream zip, String file, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(file);
    entry.setTimeLocal(NO_TIME);
    zip.putNextEntry(entry);
    zip.write(content);
  }

  /** Visits the files of the package in a jar of which this is the {@code __init__.py}. */
  private static void visit(URI init, FileVisitor visitor) throws IOException {
    if (!(init.toURL().openConnection() instanceof JarURLConnection connection)) {
      throw new ConfigurationException(
          "A Python package cannot be read from "
              + init
              + ": it can be in a folder or in a jar. Elsewhere, copy it to a folder, and use"
              + " Framework.fromPath.");
    }
    connection.setUseCaches(false); // the jar is closed below
    try (JarFile jar = connection.getJarFile()) {
      String entry = String.valueOf(connection.getEntryName());
      String prefix = entry.substring(0, entry.length() - INIT.length());
      for (JarEntry each : Collections.list(jar.entries())) {
        String file = below(prefix, each);
        if (file != null && !("/" + file).contains("/" + COMPILED + "/")) {
          try (InputStream content = jar.getInputStream(each)) {
            visitor.visit(file, content);
          }
        }
      }
    }
  }

  /** Returns a file's path below a folder, null for a folder and for what is elsewhere. */
  private static @Nullable String below(String folder, JarEntry entry) {
    String path = entry.getName();
    return !entry.isDirectory() && path.startsWith(folder) ? path.substring(folder.length()) : null;
  }

  private static URI uri(URL url) {
    try {
      return url.toURI();
    } catch (URISyntaxException e) {
      throw new ConfigurationException("A Python package cannot be read from " + url + ".", e);
    }
  }

  private static Path parent(Path file) {
    Path parent = file.getParent();
    if (parent == null) {
      throw new ConfigurationException("The Python file " + file + " is in no folder.");
    }
    return parent;
  }

  /** Returns a description without the texts. */
  @Override
  public String toString() {
    return "PackageSources[name=" + name + ", place=" + place + "]";
  }
}
