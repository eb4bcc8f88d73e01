package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.spi.AdapterFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*");

  /**
   * A stack walker that finds the class that names a resource, because that class's loader sees the
   * resource.
   */
  private static final StackWalker CALLERS =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private final String name;
  private final String text;
  private final String filename;
  private final @Nullable AccessProfile access;
  private final boolean sharesContext;
  private final List<String> packages;

  private Framework(
      String name,
      String text,
      String filename,
      @Nullable AccessProfile access,
      boolean sharesContext,
      List<String> packages) {
    this.name = name;
    this.text = text;
    this.filename = filename;
    this.access = access;
    this.sharesContext = sharesContext;
    this.packages = packages;
  }

  /**
   * Returns a framework that one Python file on the class path defines. The file's name without
   * {@code .py} is the framework's name. The file defines one subclass of {@code
   * terrarium.bridge.BaseBridge}, whose {@code framework} is that name.
   *
   * @param resource absolute name of the resource, such as {@code /wordcount.py}
   * @throws ConfigurationException when there is no such resource, or its name is not an identifier
   */
  public static Framework fromResource(String resource) {
    String path = path(resource);
    return fromSource(stem(path), text(resource, CALLERS.getCallerClass()), path);
  }

  /**
   * Returns the framework that an adapter brings as one Python file.
   *
   * @throws ConfigurationException when there is no such resource
   */
  static Optional<Framework> of(AdapterFactory<?> factory) {
    return factory
        .resource()
        .map(
            resource ->
                fromSource(
                    factory.framework(), text(resource, factory.getClass()), path(resource)));
  }

  private static String text(String resource, Class<?> owner) {
    ClassLoader loader = ClassLoaders.ofContextAnd(owner, Framework.class);
    String path = path(resource);
    try (InputStream in = loader.getResourceAsStream(path)) {
      if (in == null) {
        throw new ConfigurationException(
            "There is no resource '"
                + resource
                + "' on the class path: it is the file src/main/resources/"
                + path
                + " of a Maven project.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the resource '" + resource + "'", e);
    }
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
    if (!NAME.matcher(name).matches()) {
      throw new ConfigurationException(
          "'"
              + name
              + "' cannot name a framework: use lower-case letters, digits and underscores,"
              + " beginning with a letter.");
    }
    return new Framework(name, text, filename, null, true, List.of());
  }

  /** Returns whether a text has several lines, which a name or a file's name never has. */
  private static boolean isSource(String text) {
    return text.contains("\n");
  }

  private static String path(String resource) {
    return resource.startsWith("/") ? resource.substring(1) : resource;
  }

  private static String stem(String path) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    return file.endsWith(".py") ? file.substring(0, file.length() - ".py".length()) : file;
  }

  /**
   * Returns the same framework with this access. A framework without a profile gets the most that
   * the Terrarium grants ({@link TerrariumConfig#access()}).
   */
  public Framework withAccess(AccessProfile profile) {
    return new Framework(name, text, filename, profile, sharesContext, packages);
  }

  /**
   * Returns the same framework in contexts of its own: a context drops its other frameworks before
   * it loads this one, and never loads another beside it.
   */
  public Framework alone() {
    return new Framework(name, text, filename, access, false, packages);
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
    return new Framework(name, text, filename, access, sharesContext, list);
  }

  public String name() {
    return name;
  }

  /** Returns the names of its own packages. */
  List<String> packages() {
    return packages;
  }

  /**
   * Returns the source of the framework's bridge, without its packages.
   *
   * @param ceiling the access of a framework that declares none
   */
  BridgeSource.Source source(AccessProfile ceiling) {
    return new BridgeSource.Source(
        name, access == null ? ceiling : access, sharesContext, text, filename);
  }
}
