package dev.terrarium.internal.resource;

import java.io.IOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where resources and services of jars are looked for: the class loader of the thread's context
 * first, and then those of given classes, because that of the context may see none of the jars (the
 * common pool's in a fat jar, or the platform's).
 */
public final class ClassLoaders {

  private ClassLoaders() {}

  /** Returns a loader that sees what the context's sees, and then what those of the classes see. */
  public static ClassLoader ofContextAnd(Class<?>... classes) {
    return joined(Thread.currentThread().getContextClassLoader(), classes);
  }

  /**
   * Returns a loader that sees what the first sees, and then what those of the classes see.
   *
   * @param first null for the one that starts the JVM, which sees the JDK's own only
   */
  public static ClassLoader joined(@Nullable ClassLoader first, Class<?>... classes) {
    List<ClassLoader> more = new ArrayList<>();
    for (Class<?> type : classes) {
      ClassLoader loader = type.getClassLoader();
      if (loader != null && !sees(first, type) && !more.contains(loader)) {
        more.add(loader);
      }
    }
    if (!more.isEmpty()) {
      return new Joined(first, more);
    }
    return first == null ? ClassLoader.getSystemClassLoader() : first;
  }

  private static boolean sees(@Nullable ClassLoader loader, Class<?> type) {
    try {
      return loader != null && Class.forName(type.getName(), false, loader) == type;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static final class Joined extends ClassLoader {

    private final List<ClassLoader> more;

    Joined(@Nullable ClassLoader first, List<ClassLoader> more) {
      super(first);
      this.more = more;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      ClassNotFoundException unknown = new ClassNotFoundException(name);
      for (ClassLoader loader : more) {
        try {
          return loader.loadClass(name);
        } catch (ClassNotFoundException e) {
          unknown.addSuppressed(e);
        }
      }
      throw unknown;
    }

    @Override
    protected @Nullable URL findResource(String name) {
      for (ClassLoader loader : more) {
        URL found = loader.getResource(name);
        if (found != null) {
          return found;
        }
      }
      return null;
    }

    @Override
    protected Enumeration<URL> findResources(String name) throws IOException {
      Map<String, URL> found = new LinkedHashMap<>(); // an URL compares by asking for its host
      for (ClassLoader loader : more) {
        for (URL url : Collections.list(loader.getResources(name))) {
          found.putIfAbsent(url.toString(), url);
        }
      }
      return Collections.enumeration(found.values());
    }
  }
}
