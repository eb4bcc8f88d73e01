package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The folder of a model, on a disk or on the class path. Immutable. */
sealed interface ModelFolder {

  /** What the place of a folder on the class path begins with. */
  String CLASS_PATH = "classpath:";

  /**
   * Returns the folder of a path.
   *
   * @param path the real path of a directory
   */
  static ModelFolder of(Path path) {
    return new Directory(path);
  }

  /** Returns the folder of a place on the class path, as {@code classpath:models/reviews}. */
  static ModelFolder onClassPath(String place) {
    String folder = place.substring(CLASS_PATH.length());
    return new Resources(folder.replaceAll("^/+|/+$", ""));
  }

  /** Returns the folder's own name. */
  String name();

  /**
   * Returns a file; empty when there is none.
   *
   * @param path the file's path in the folder
   * @throws ModelException when the file lies outside of the folder
   */
  Optional<ModelFile> file(String path);

  /** Reads a JSON object or list; missing when there is no such file. */
  default JsonNode json(String path) {
    ModelFile file = file(path).orElse(null);
    if (file == null) {
      return MissingNode.getInstance();
    }
    try {
      return ModelFiles.json(file, file.content());
    } catch (IOException e) {
      throw new ModelException("The file " + file + " cannot be read: " + e, e);
    }
  }

  /** Returns whether a path leads to a place inside of the folder. */
  static boolean isInside(String path) {
    try {
      Path normal = Path.of(path).normalize();
      return !normal.isAbsolute() && !normal.startsWith("..");
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** A folder on a disk. */
  record Directory(Path path) implements ModelFolder {

    @Override
    public String name() {
      return String.valueOf(path.getFileName());
    }

    @Override
    public Optional<ModelFile> file(String inside) {
      Path file = path.resolve(inside);
      if (!Files.isRegularFile(file)) {
        return Optional.empty();
      }
      try {
        if (!file.toRealPath().startsWith(path)) {
          throw new ModelException(
              Kind.INVALID_REQUEST,
              "The file " + file + " is a link to a place outside of the model's folder: copy it.",
              null);
        }
      } catch (IOException e) {
        throw new ModelException("The file " + file + " cannot be read: " + e, e);
      }
      return Optional.of(ModelFile.of(file));
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** A folder of resources, which the caller's class loader sees, or the one of Terrarium. */
  record Resources(String place) implements ModelFolder {

    @Override
    public String name() {
      return place.substring(place.lastIndexOf('/') + 1);
    }

    @Override
    public Optional<ModelFile> file(String path) {
      return Stream.of(
              Thread.currentThread().getContextClassLoader(), ModelFolder.class.getClassLoader())
          .flatMap(loader -> Stream.ofNullable(loader))
          .flatMap(loader -> Stream.ofNullable(loader.getResource(place + "/" + path)))
          .map(Resources::file)
          .findFirst();
    }

    private static ModelFile file(URL url) {
      return new ModelFile(URI.create(url.toString()));
    }

    @Override
    public String toString() {
      return CLASS_PATH + place;
    }
  }
}
