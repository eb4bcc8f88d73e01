package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.PackageException;
import dev.terrarium.internal.resource.CacheFolder;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The Python packages that jars on the class path carry, and their folders on disk. Each archive is
 * unpacked once into the cache folder, under its content's hash, when it is first needed.
 * Thread-safe.
 */
public final class PythonPackages {

  static final String DESCRIPTOR = "META-INF/terrarium/python-packages.properties";

  /** The folder of the descriptors of a jar that has several sets of packages. */
  private static final String SETS = "META-INF/terrarium/python/";

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern BRIDGE = Pattern.compile("[\\w.]+:\\w+");

  private record Archive(
      String name,
      URL url,
      String sha256,
      List<String> distributions,
      List<String> optional,
      @Nullable String framework,
      @Nullable String bridge,
      AccessProfile access,
      boolean alone) {}

  private final Map<String, Archive> archives;
  private final CacheFolder cache;
  private final Map<String, Path> unpacked = new ConcurrentHashMap<>();

  private PythonPackages(Map<String, Archive> archives, CacheFolder cache) {
    this.archives = archives;
    this.cache = cache;
  }

  /**
   * Finds the archives that a class loader can see.
   *
   * @throws PackageException when a descriptor cannot be read
   * @throws ConfigurationException when two jars carry different packages under one name
   */
  public static PythonPackages discover(ClassLoader loader, CacheFolder cache) {
    Map<String, Archive> archives = new TreeMap<>();
    try {
      for (URL descriptor : Collections.list(loader.getResources(DESCRIPTOR))) {
        for (Archive archive : read(descriptor)) {
          Archive other = archives.putIfAbsent(archive.name(), archive);
          if (other != null && !other.sha256().equals(archive.sha256())) {
            throw new ConfigurationException(
                "Two jars carry different Python packages named '"
                    + archive.name()
                    + "': "
                    + other.url()
                    + " and "
                    + archive.url()
                    + ". Keep one version of Terrarium on the class path, and give packages of your"
                    + " own another name.");
          }
        }
      }
    } catch (IOException e) {
      throw new PackageException("Cannot read the Python packages on the class path: " + e, e);
    }
    return new PythonPackages(archives, cache);
  }

  /** Reads the archives of one jar, which describes one, or names the sets of packages it has. */
  private static List<Archive> read(URL descriptor) throws IOException {
    Properties properties = properties(descriptor);
    String text = descriptor.toString();
    String root = text.substring(0, text.length() - DESCRIPTOR.length());
    String sets = properties.getProperty("sets");
    if (sets == null) {
      return List.of(archive(properties, descriptor, root));
    }
    List<Archive> found = new ArrayList<>();
    for (String set : words(sets)) {
      URL each = URI.create(root + SETS + set + ".properties").toURL();
      found.add(archive(properties(each), each, root));
    }
    return found;
  }

  private static Properties properties(URL url) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = url.openStream()) {
      properties.load(in);
    }
    return properties;
  }

  private static List<String> words(String list) {
    return Stream.of(list.split(",", -1)).filter(word -> !word.isEmpty()).toList();
  }

  private static Archive archive(Properties properties, URL descriptor, String root)
      throws IOException {
    String sha256 = required(properties, "sha256", descriptor);
    if (!SHA256.matcher(sha256).matches()) {
      throw new PackageException(descriptor + ": sha256 is no SHA-256 in hex: " + sha256);
    }
    String bridge = properties.getProperty("bridge");
    if (bridge != null && !BRIDGE.matcher(bridge).matches()) {
      throw new PackageException(
          descriptor + ": bridge is not of the form module:Class: " + bridge);
    }
    return new Archive(
        required(properties, "name", descriptor),
        URI.create(root + required(properties, "archive", descriptor)).toURL(),
        sha256,
        words(properties.getProperty("distributions", "")),
        words(properties.getProperty("optional", "")),
        properties.getProperty("framework"),
        bridge,
        access(properties, descriptor),
        Boolean.parseBoolean(properties.getProperty("alone")));
  }

  private static AccessProfile access(Properties properties, URL descriptor) {
    String word = properties.getProperty("access", AccessProfile.TRUSTED_NATIVE.word());
    return AccessProfile.ofWord(word)
        .orElseThrow(
            () ->
                new PackageException(
                    descriptor
                        + ": access is '"
                        + word
                        + "'; it can be "
                        + Arrays.stream(AccessProfile.values())
                            .map(AccessProfile::word)
                            .collect(Collectors.joining(", "))
                        + "."));
  }

  private static String required(Properties properties, String key, URL descriptor) {
    String value = properties.getProperty(key);
    if (value == null) {
      throw new PackageException(descriptor + " lacks the key '" + key + "'.");
    }
    return value;
  }

  /**
   * Returns the frameworks that the archives declare, with the optional archives that are there.
   *
   * @throws ConfigurationException when two archives of a framework have different versions of one
   *     distribution
   */
  public Collection<BridgeSource> frameworks() {
    List<BridgeSource> frameworks = new ArrayList<>();
    for (Archive archive : archives.values()) {
      if (archive.framework() != null && archive.bridge() != null) {
        String[] bridge = archive.bridge().split(":", 2);
        frameworks.add(
            new BridgeSource.Packaged(
                archive.framework(),
                archive.access(),
                !archive.alone(),
                shared(),
                set(archive.framework(), List.of(archive.name())).names(),
                bridge[0],
                bridge[1]));
      }
    }
    return frameworks;
  }

  /**
   * Returns the set that the frameworks without packages of their own have in common. Contexts that
   * were made where other optional archives are on the class path do not fit: what was imported
   * there has looked for these packages.
   */
  private PackageSet shared() {
    List<Archive> optional =
        archives.values().stream()
            .flatMap(this::optional)
            .distinct()
            .sorted(Comparator.comparing(Archive::name))
            .toList();
    return new PackageSet(List.of(), id(optional));
  }

  /** Returns the optional archives of an archive that are on the class path. */
  private Stream<Archive> optional(Archive archive) {
    return archive.optional().stream().map(archives::get).filter(Objects::nonNull);
  }

  private static String id(Collection<Archive> archives) {
    return archives.stream()
        .map(archive -> archive.name() + "-" + archive.sha256())
        .collect(Collectors.joining(" "));
  }

  /**
   * Returns the set of the archives with these names, and of their optional archives that are
   * there; without names the set that all such frameworks have in common.
   *
   * @param framework the name of the framework that asks, for messages
   * @throws ConfigurationException when there is no such archive, or two of them have different
   *     versions of one distribution
   */
  public PackageSet set(String framework, List<String> names) {
    if (names.isEmpty()) {
      return shared();
    }
    Set<Archive> own = new LinkedHashSet<>();
    for (String name : names) {
      Archive archive = archives.get(name);
      if (archive == null) {
        throw new ConfigurationException(
            "Framework '"
                + framework
                + "' wants the Python packages '"
                + name
                + "', which no jar on the class path carries; there are "
                + archives.keySet()
                + ". The goal 'package' of terrarium-maven-plugin packs them under the name that"
                + " its configuration gives.");
      }
      own.add(archive);
    }
    Set<Archive> all = new LinkedHashSet<>(own);
    own.stream().flatMap(this::optional).forEach(all::add);
    refuseTwoVersions(framework, all);
    return new PackageSet(all.stream().map(Archive::name).toList(), id(all));
  }

  private static void refuseTwoVersions(String framework, Collection<Archive> archives) {
    Map<String, String> owners = new HashMap<>();
    Map<String, String> versions = new HashMap<>();
    for (Archive archive : archives) {
      for (String distribution : archive.distributions()) {
        String[] parts = distribution.split("==", 2);
        String key = parts[0].replaceAll("[-_.]+", "-").toLowerCase(Locale.ROOT);
        String version = versions.putIfAbsent(key, distribution);
        if (version != null && !version.equals(distribution)) {
          throw new ConfigurationException(
              "Framework '"
                  + framework
                  + "' wants two versions of one Python package: '"
                  + owners.get(key)
                  + "' has "
                  + version
                  + ", and '"
                  + archive.name()
                  + "' has "
                  + distribution
                  + ". Lock both to one version, or use them in two frameworks.");
        }
        owners.putIfAbsent(key, archive.name());
      }
    }
  }

  /** Returns the names of the archives, sorted. */
  public Collection<String> names() {
    return archives.keySet();
  }

  /**
   * Returns the folder of one archive, which is unpacked now if it was not before.
   *
   * @throws PackageException when there is no such archive, or it cannot be unpacked
   */
  public Path folder(String name) {
    return unpacked.computeIfAbsent(name, this::unpack);
  }

  /**
   * Returns the folder of a package of the user's own; unpacks it if it is in a jar.
   *
   * @throws PackageException when it cannot be unpacked
   */
  Path folder(PackageSources sources) {
    try {
      return sources.folder(cache);
    } catch (IOException e) {
      throw new PackageException("Cannot read the Python package " + sources.place() + ": " + e, e);
    }
  }

  private Path unpack(String name) {
    Archive archive = archives.get(name);
    if (archive == null) {
      throw new PackageException(
          "No jar on the class path carries the Python packages '"
              + name
              + "'; there are "
              + archives.keySet()
              + ". Add dev.terrarium:terrarium-python-"
              + name
              + ".");
    }
    return cache.tree(
        "python/" + archive.name() + "-" + archive.sha256().substring(0, 16),
        archive.sha256(),
        () -> archive.url().openStream());
  }
}
