package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.context.PackageSources;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Python code of the user's own that a program runs, as it was read at one moment: one file, or a
 * package. Immutable.
 *
 * <p>The modules of a package import each other by relative imports, such as {@code from .words
 * import split}. They can also import Python's standard library, {@code terrarium.bridge} and the
 * packages of the framework that runs them.
 *
 * @param name the name of the file without {@code .py}, or of the package
 * @param files the texts by their paths: {@code NAME.py} alone, or {@code NAME/__init__.py} and the
 *     other modules of the package
 */
public record PythonSource(String name, Map<String, String> files) {

  private static final StackWalker CALLERS =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  public PythonSource {
    files = Map.copyOf(files);
  }

  /**
   * Reads Python code on the class path.
   *
   * @param resource absolute name of the resource, such as {@code /rag.py}, or {@code /rag} for a
   *     package, which is a folder with an {@code __init__.py}
   * @throws ConfigurationException when there is no such resource
   */
  public static PythonSource fromResource(String resource) {
    return Framework.readResource(
        resource, CALLERS.getCallerClass(), PythonSource::ofPackage, PythonSource::ofFile);
  }

  /**
   * Reads Python code in a file or folder of this machine.
   *
   * @param path a Python file, or the folder of a package
   * @throws ConfigurationException when there is no Python code
   */
  public static PythonSource fromPath(Path path) {
    return Framework.readPath(path, PythonSource::ofPackage, PythonSource::ofFile);
  }

  private static PythonSource ofPackage(PackageSources sources) {
    Map<String, String> files = new LinkedHashMap<>();
    sources.texts().forEach((file, text) -> files.put(sources.name() + "/" + file, text));
    return new PythonSource(sources.name(), files);
  }

  private static PythonSource ofFile(String text, String path) {
    String name = Framework.stem(path);
    return new PythonSource(name, Map.of(name + ".py", text));
  }
}
