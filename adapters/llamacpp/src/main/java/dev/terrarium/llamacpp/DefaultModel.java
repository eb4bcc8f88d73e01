package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.PackageException;
import dev.terrarium.internal.resource.CacheFolder;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A model that an artifact on the class path carries, such as {@code terrarium-smollm2}.
 *
 * @param name the model's name
 * @param resource path of the model's file on the class path
 * @param file the file's name
 * @param size the file's size in bytes
 * @param sha256 the file's hash, in hex
 */
record DefaultModel(String name, String resource, String file, long size, String sha256) {

  private static final String DESCRIPTION = "META-INF/terrarium/models.properties";

  /**
   * Returns the model that the class path carries.
   *
   * @throws ModelException when the class path carries none
   */
  static DefaultModel find(ClassLoader loader) {
    URL description = loader.getResource(DESCRIPTION);
    if (description == null) {
      throw new ModelException(
          "There is no language model on the class path: add the dependency"
              + " dev.terrarium:terrarium-smollm2, or name a GGUF file.");
    }
    Properties properties = new Properties();
    try (InputStream in = description.openStream()) {
      properties.load(in);
    } catch (IOException e) {
      throw new ModelException("Cannot read " + description + ": " + e, e);
    }
    return new DefaultModel(
        required(properties, "name", description),
        required(properties, "resource", description),
        required(properties, "file", description),
        size(required(properties, "size", description), description),
        required(properties, "sha256", description));
  }

  private static String required(Properties properties, String key, URL description) {
    String value = properties.getProperty(key);
    if (value == null || value.isBlank()) {
      throw new ModelException("The key '" + key + "' is missing in " + description + ".");
    }
    return value.strip();
  }

  private static long size(String text, URL description) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new ModelException("size: '" + text + "' in " + description + " is no number.", e);
    }
  }

  /**
   * Returns the path of the model's file, which may exist only once the model is {@link #unpacked}.
   */
  Path place(ClassLoader loader) {
    URL url = url(loader);
    return isFile(url)
        ? Path.of(URI.create(url.toString()))
        : CacheFolder.ofDefaults().root().resolve(relative());
  }

  /**
   * Returns the model's file: the resource if it is a file itself, otherwise a copy in the cache
   * folder, which is made when it does not exist yet.
   */
  Path unpacked(ClassLoader loader) {
    URL url = url(loader);
    if (isFile(url)) {
      return place(loader);
    }
    try {
      return CacheFolder.ofDefaults().file(relative(), size, sha256, url::openStream);
    } catch (PackageException e) {
      throw new ModelException(
          "Cannot lay out the language model " + name + ". " + e.getMessage(), e);
    }
  }

  private URL url(ClassLoader loader) {
    @Nullable URL url = loader.getResource(resource);
    if (url == null) {
      throw new ModelException(
          "The language model " + name + " lacks its file " + resource + " on the class path.");
    }
    return url;
  }

  private static boolean isFile(URL url) {
    return url.getProtocol().equals("file");
  }

  private String relative() {
    return "models/" + sha256.substring(0, Math.min(16, sha256.length())) + "/" + file;
  }
}
