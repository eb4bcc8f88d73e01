package dev.terrarium.python.optimizers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/** A class path on which the archives of Python packages with some names are missing. */
final class WithoutArchives extends ClassLoader {

  private static final String DESCRIPTOR = "META-INF/terrarium/python-packages.properties";

  private final Set<String> missing;

  WithoutArchives(ClassLoader parent, String... missing) {
    super(parent);
    this.missing = Set.of(missing);
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    List<URL> found = Collections.list(super.getResources(name));
    if (name.equals(DESCRIPTOR)) {
      found.removeIf(url -> missing.contains(name(url)));
    }
    return Collections.enumeration(found);
  }

  private static String name(URL descriptor) {
    Properties properties = new Properties();
    try (InputStream in = descriptor.openStream()) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("name", "");
  }
}
