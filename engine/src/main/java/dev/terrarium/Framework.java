package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.PackageSet;
import dev.terrarium.internal.context.PackageSources;
import dev.terrarium.internal.context.WatchedSource;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.spi.AdapterFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A Python framework that Terrarium can call: its name and its bridge. Immutable. Terrarium finds
 * the frameworks whose jars are on the class path; this class is for the user's own frameworks.
 *
 * <pre>{@code
 * terrarium.register(Framework.fromResource("/wordcount.py"));
 * terrarium.call("wordcount", "count", Map.of("text", "to be or not to be"));
 * }</pre>
 */
public final class Framework {

  private static final String MODULE = ".py";

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*");

  /**
   * A stack walker that finds the class that names a resource, because that class's loader sees the
   * resource.
   */
  private static final StackWalker CALLERS =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private final String name;
  private final Code code;
  private final @Nullable AccessProfile access;
  private final boolean sharesContext;
  private final List<String> packages;

  /** Makes the source of the bridge for one Terrarium. */
  @FunctionalInterface
  private interface Code {
    BridgeSource source(
        String name, AccessProfile profile, boolean sharesContext, PackageSet packages);
  }

  private Framework(
      String name,
      Code code,
      @Nullable AccessProfile access,
      boolean sharesContext,
      List<String> packages) {
    this.name = name;
    this.code = code;
    this.access = access;
    this.sharesContext = sharesContext;
    this.packages = packages;
  }

  /** Creates a framework with all access that there is, and without packages of its own. */
  private Framework(String name, Code code) {
    this(name, code, null, true, List.of());
  }

  /**
   * Returns a framework that Python code on the class path defines: one file, or a package, which
   * is a folder with an {@code __init__.py}. The file's name without {@code .py}, or the folder's
   * name, is the framework's name. The file, or the package's {@code __init__.py}, defines or
   * imports one subclass of {@code terrarium.bridge.BaseBridge}, whose {@code framework} is that
   * name.
   *
   * <p>The modules of a package import each other as on CPython, and read the files beside them.
   *
   * @param resource absolute name of the resource, such as {@code /wordcount.py}, or {@code
   *     /wordcount} for a package
   * @throws ConfigurationException when there is no such resource, or its name is not an identifier
   */
  public static Framework fromResource(String resource) {
    Class<?> caller = CALLERS.getCallerClass();
    return fromResource(stem(path(resource)), resource, caller);
  }

  /**
   * Returns the framework that an adapter brings as Python code.
   *
   * @throws ConfigurationException when there is no such resource
   */
  static Optional<Framework> of(AdapterFactory<?> factory) {
    return factory
        .resource()
        .map(resource -> fromResource(factory.framework(), resource, factory.getClass()));
  }

  private static Framework fromResource(String name, String resource, Class<?> owner) {
    return readResource(
        resource,
        owner,
        files -> ofPackage(name, files),
        (text, file) -> fromSource(name, text, file));
  }

  /**
   * Reads Python code on the class path.
   *
   * @param owner a class whose loader may see the resource
   * @param ofPackage makes the result of a package
   * @param ofFile makes the result of the text and the path of one file
   */
  static <T> T readResource(
      String resource,
      Class<?> owner,
      Function<PackageSources, T> ofPackage,
      BiFunction<String, String, T> ofFile) {
    ClassLoader loader = ClassLoaders.ofContextAnd(owner, Framework.class);
    String path = path(resource);
    try {
      URL init = isFile(path) ? null : loader.getResource(path + "/" + PackageSources.INIT);
      return init == null
          ? ofFile.apply(text(resource, path, loader), path)
          : ofPackage.apply(PackageSources.of(init));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the resource '" + resource + "'", e);
    }
  }

  private static String text(String resource, String path, ClassLoader loader) throws IOException {
    try (InputStream in = loader.getResourceAsStream(path)) {
      if (in == null) {
        throw new ConfigurationException(
            "There is no resource '"
                + resource
                + "' on the class path: it is the file src/main/resources/"
                + path
                + " of a Maven project"
                + (isFile(path) ? "." : ", or a folder there that has an __init__.py."));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * Returns a framework that Python code in a file or folder of this machine defines, in the way of
   * {@link #fromResource}. The modules are read now.
   *
   * @param path a Python file, or the folder of a package
   * @throws ConfigurationException when there is no Python code, or the name of the file or folder
   *     is not an identifier
   */
  public static Framework fromPath(Path path) {
    String name = stem(path.toAbsolutePath().normalize().toString());
    return readPath(
        path, files -> ofPackage(name, files), (text, file) -> fromSource(name, text, file));
  }

  /** Reads Python code of this machine, as {@link #readResource} does. */
  static <T> T readPath(
      Path path, Function<PackageSources, T> ofPackage, BiFunction<String, String, T> ofFile) {
    Path code = checked(path);
    try {
      return Files.isDirectory(code)
          ? ofPackage.apply(PackageSources.in(code))
          : ofFile.apply(Files.readString(code), code.toString());
    } catch (IOException e) {
      throw new ConfigurationException("Cannot read the Python code in " + code + ": " + e, e);
    }
  }

  /**
   * Returns a framework for development: that of {@link #fromPath}, which follows its files. When a
   * call begins in a context after a file has changed, that context loads the new code first. Calls
   * that run then end with the code that they began with.
   *
   * <p>If the new code cannot be loaded, such as for a syntax error, the last code stays in use,
   * and the error is logged with its file and line. State in Python modules is lost when they are
   * replaced.
   *
   * @param path a Python file, or the folder of a package
   * @throws ConfigurationException when there is no Python code, or the name of the file or folder
   *     is not an identifier
   */
  public static Framework watching(Path path) {
    Path code = checked(path);
    String name = checked(stem(code.toString()));
    return new Framework(
        name,
        (own, profile, sharesContext, packages) ->
            new WatchedSource(own, profile, sharesContext, packages, code));
  }

  private static Path checked(Path path) {
    Path code = path.toAbsolutePath().normalize();
    if (Files.isDirectory(code)
        ? Files.isRegularFile(code.resolve(PackageSources.INIT))
        : Files.isRegularFile(code) && isFile(code.toString())) {
      return code;
    }
    throw new ConfigurationException(
        "There is no Python code at "
            + code
            + ": name a file that ends with .py, or a folder that has an __init__.py.");
  }

  private static Framework ofPackage(String name, PackageSources files) {
    return new Framework(
        checked(name),
        (own, profile, sharesContext, packages) ->
            new BridgeSource.SourcePackage(own, profile, sharesContext, packages, files));
  }

  /**
   * Returns a framework that a source text defines.
   *
   * @param name the framework's name: lower-case letters, digits and underscores
   * @param text Python source
   * @param filename the source's name in tracebacks
   * @throws ConfigurationException when the name is not such an identifier, or the texts are passed
   *     in another order
   */
  public static Framework fromSource(String name, String text, String filename) {
    if (isSource(name) || isSource(filename)) {
      throw new ConfigurationException(
          "Framework.fromSource takes name, text and filename in this order, and the "
              + (isSource(name) ? "first" : "third")
              + " of them is the source.");
    }
    return new Framework(
        checked(name),
        (own, profile, sharesContext, packages) ->
            new BridgeSource.Source(own, profile, sharesContext, packages, text, filename));
  }

  /** Returns a name that can name a framework. */
  private static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new ConfigurationException(
          "'"
              + name
              + "' cannot name a framework: use lower-case letters, digits and underscores,"
              + " beginning with a letter.");
    }
    return name;
  }

  /** Returns whether a text has several lines, which a name or a file's name never has. */
  private static boolean isSource(String text) {
    return text.contains("\n");
  }

  private static String path(String resource) {
    String path = resource.startsWith("/") ? resource.substring(1) : resource;
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  static String stem(String path) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    return isFile(file) ? file.substring(0, file.length() - MODULE.length()) : file;
  }

  private static boolean isFile(String path) {
    return path.endsWith(MODULE);
  }

  /**
   * Returns the same framework with this access. A framework without a profile gets the most that
   * the Terrarium grants ({@link TerrariumConfig#access()}).
   */
  public Framework withAccess(AccessProfile profile) {
    return new Framework(name, code, profile, sharesContext, packages);
  }

  /**
   * Returns the same framework in contexts of its own: a context drops its other frameworks before
   * it loads this one, and never loads another beside it.
   */
  public Framework alone() {
    return new Framework(name, code, access, false, packages);
  }

  /**
   * Returns the same framework with these Python packages, which {@code terrarium-maven-plugin} has
   * packed under these names. The framework imports from them, from the standard library and from
   * Terrarium's bridge, and sees no other packages: it runs only in contexts that have exactly this
   * set, which it shares with the frameworks of the same set. Registering it fails when a name is
   * unknown, or when two of the names have different versions of one package.
   *
   * @throws ConfigurationException when there is no name, or a name occurs twice
   */
  public Framework withPackages(String... names) {
    List<String> list = List.of(names);
    if (list.isEmpty() || Set.copyOf(list).size() < list.size()) {
      throw new ConfigurationException(
          "withPackages takes one name or more, each once; it got " + list + ".");
    }
    return new Framework(name, code, access, sharesContext, list);
  }

  public String name() {
    return name;
  }

  /** Returns the names of its own packages. */
  List<String> packages() {
    return packages;
  }

  /**
   * Returns the source of the framework's bridge.
   *
   * @param ceiling the access of a framework that declares none
   * @param packageSet the framework's packages
   */
  BridgeSource source(AccessProfile ceiling, PackageSet packageSet) {
    return code.source(name, access == null ? ceiling : access, sharesContext, packageSet);
  }
}
