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
 * Class loaders in which resources and services of jars are found: the thread's context class
 * loader first, and then the class loaders of given classes, because the context class loader may
 * see none of the jars (as in the common pool of a fat jar, or the platform's class loader).
 */
public final class ClassLoaders {

  private ClassLoaders() {}

  /**
   * Returns a class loader that sees what the context class loader sees, and then what the class
   * loaders of the classes see.
   */
  public static ClassLoader ofContextAnd(Class<?>... classes) {
    return joined(Thread.currentThread().getContextClassLoader(), classes);
  }

  /**
   * Returns a class loader that sees what the first class loader sees, and then what those of the
   * classes see.
   *
   * @param first null for the class loader that starts the JVM, which sees only the JDK
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
      Map<String, URL> found = new LinkedHashMap<>(); // comparing URLs looks up their hosts
      for (ClassLoader loader : more) {
        for (URL url : Collections.list(loader.getResources(name))) {
          found.putIfAbsent(url.toString(), url);
        }
      }
      return Collections.enumeration(found.values());
    }
  }
}
