package dev.terrarium.transformers;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file of a model, in a folder or on the class path. Immutable.
 *
 * @param place where the file is
 */
record ModelFile(URI place) {

  static ModelFile of(Path path) {
    return new ModelFile(path.toUri());
  }

  /** Returns the path of the file; empty when the file is in a jar. */
  Optional<Path> path() {
    return "file".equals(place.getScheme()) ? Optional.of(Path.of(place)) : Optional.empty();
  }

  InputStream open() throws IOException {
    return place.toURL().openStream();
  }

  byte[] content() throws IOException {
    try (InputStream in = open()) {
      return in.readAllBytes();
    }
  }

  /** Returns the file's size in bytes. */
  long size() throws IOException {
    return place.toURL().openConnection().getContentLengthLong();
  }

  @Override
  public String toString() {
    return path().map(Path::toString).orElse(place.toString());
  }
}
