package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bridge of a framework whose files may change while it is in use: one Python file, or the
 * folder of a package. Each context asks for the version to use when a call begins in it. The files
 * are looked at then, and read again when they have changed since; so there is neither a thread nor
 * a handle that would have to be closed. Thread-safe.
 *
 * <p>A version that some context could not load is rejected, and no context tries it again; the
 * last version that a context did load stays in use.
 */
public final class WatchedSource implements BridgeSource {

  /** The content of the files at one moment; the later one has the higher number. */
  record Version(long number, BridgeSource source) {}

  /** What a look at a file tells without reading it. */
  private record Stamp(long size, FileTime written, @Nullable Object key) {}

  /**
   * The age from which on a file's time of writing is sure to differ from that of the next write.
   */
  private static final Duration SETTLED = Duration.ofSeconds(2);

  private final String name;
  private final AccessProfile profile;
  private final boolean sharesContext;
  private final PackageSet packageSet;
  private final Path path;
  private final InstantSource clock;

  private @Nullable Map<String, Stamp> stamps;
  private boolean settled;
  private boolean unreadable;
  private @Nullable Version newest;
  private @Nullable Version loaded;
  private long rejected;

  /**
   * Creates the bridge; its files are read when it is first used.
   *
   * @param path a Python file, or the folder of a package
   */
  public WatchedSource(
      String name, AccessProfile profile, boolean sharesContext, PackageSet packageSet, Path path) {
    this(name, profile, sharesContext, packageSet, path, InstantSource.system());
  }

  WatchedSource(
      String name,
      AccessProfile profile,
      boolean sharesContext,
      PackageSet packageSet,
      Path path,
      InstantSource clock) {
    this.name = name;
    this.profile = profile;
    this.sharesContext = sharesContext;
    this.packageSet = packageSet;
    this.path = path.toAbsolutePath().normalize();
    this.clock = clock;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public AccessProfile profile() {
    return profile;
  }

  @Override
  public boolean sharesContext() {
    return sharesContext;
  }

  @Override
  public PackageSet packageSet() {
    return packageSet;
  }

  /**
   * Returns the version to use from now on: the newest one, unless it was rejected and there is one
   * that could be loaded.
   *
   * @throws ConfigurationException when the files cannot be read, and never could be
   */
  synchronized Version current() {
    look();
    Version read = Objects.requireNonNull(newest, "look() throws when there is none");
    Version good = loaded;
    return read.number() > rejected || good == null ? read : good;
  }

  /** Takes note that a context could load a version. */
  synchronized void accept(Version version) {
    Version good = loaded;
    if (good == null || version.number() > good.number()) {
      loaded = version;
    }
  }

  /**
   * Takes note that a context could not load a version.
   *
   * @return whether this is the first context to report that, and there is an older version
   */
  synchronized boolean reject(Version version) {
    boolean first = version.number() > rejected;
    rejected = Math.max(rejected, version.number());
    return first && loaded != null;
  }

  private void look() {
    try {
      Map<String, Stamp> now = stamps();
      if (newest == null || !settled || !now.equals(stamps)) {
        read(now);
      }
      unreadable = false;
    } catch (IOException | ConfigurationException e) { // a file that is just being replaced, too
      if (newest == null) {
        throw new ConfigurationException("Cannot read the framework '" + name + "': " + e, e);
      }
      if (!unreadable) {
        logger().log(Level.WARNING, "Cannot read " + path + "; its last code stays in use: " + e);
      }
      unreadable = true;
    }
  }

  private void read(Map<String, Stamp> now) throws IOException {
    BridgeSource source = source();
    Version before = newest;
    if (before == null || !before.source().equals(source)) {
      newest = new Version(before == null ? 1 : before.number() + 1, source);
    }
    stamps = now;
    FileTime recent = FileTime.from(clock.instant().minus(SETTLED));
    settled = now.values().stream().allMatch(each -> each.written().compareTo(recent) < 0);
  }

  private BridgeSource source() throws IOException {
    if (Files.isDirectory(path)) {
      return new SourcePackage(name, profile, sharesContext, packageSet, PackageSources.in(path));
    }
    String text = PackageSources.text(Files.readAllBytes(path), path);
    return new Source(name, profile, sharesContext, packageSet, text, path.toString());
  }

  private Map<String, Stamp> stamps() throws IOException {
    Map<String, Stamp> found = new LinkedHashMap<>();
    if (Files.isDirectory(path)) {
      PackageSources.modules(path).forEach((file, seen) -> found.put(file, stamp(seen)));
    } else {
      found.put("", stamp(Files.readAttributes(path, BasicFileAttributes.class)));
    }
    return found;
  }

  private static Stamp stamp(BasicFileAttributes seen) {
    return new Stamp(seen.size(), seen.lastModifiedTime(), seen.fileKey());
  }

  private Logger logger() {
    return System.getLogger("terrarium.python." + name);
  }

  @Override
  public String toString() {
    return "WatchedSource[name=" + name + ", path=" + path + "]";
  }
}
