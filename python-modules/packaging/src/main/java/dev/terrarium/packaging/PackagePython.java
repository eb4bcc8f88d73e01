package dev.terrarium.packaging;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;

/**
 * The command that the build of each Python module runs: makes the module's archive, or ({@code
 * --relock}) writes the hashes of its lock file anew.
 *
 * <p>Progress and failures go to standard error, a failure as one sentence; with {@code
 * -Dterrarium.debug=true} its stack trace follows. {@code -Dterrarium.failure=FILE} names a file
 * that a failure's sentence is also written to.
 */
public final class PackagePython {

  /** For a failure that was told: a JVM that cannot start ends with 1. */
  private static final int FAILED = 3;

  private PackagePython() {}

  /** Ends with exit code 0, or 3 after a failure. */
  public static void main(String[] line) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> ProcessHandle.current().descendants().forEach(ProcessHandle::destroy)));
    try {
      Platform.check(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
      Map<String, String> arguments = Options.arguments(line);
      Shell shell = new Shell(System.getenv());
      if (arguments.containsKey("--relock")) {
        Relock.run(
            Path.of(Options.required(arguments, "--module"), "requirements.lock"),
            Options.required(arguments, "--graalpy"),
            shell,
            PackagePython::progress);
      } else if (!arguments.containsKey("--wants") || isPacking(arguments, shell)) {
        BuildCache cache =
            new BuildCache(
                BuildCache.locate(
                    System.getProperty("terrarium.cache"),
                    System.getenv(),
                    System.getProperty("user.home")),
                PackagePython::progress);
        new Packager(
                Options.of(arguments),
                identityOfThisTool(),
                cache,
                shell,
                new EmbeddedGraalPy(),
                PackagePython::progress)
            .run();
      }
    } catch (PackagingException e) {
      fail(String.valueOf(e.getMessage()), e);
    } catch (IOException | RuntimeException e) {
      fail("The Python packages could not be packed: " + e, e);
    }
  }

  /**
   * Locks or checks a user's packages.
   *
   * @return whether they are then to be packed
   */
  private static boolean isPacking(Map<String, String> arguments, Shell shell) throws IOException {
    String name = Options.required(arguments, "--name");
    Path lock = Path.of(Options.required(arguments, "--lock-file")).toAbsolutePath();
    PackageWants wants =
        PackageWants.read(
            Path.of(Options.required(arguments, "--wants")),
            Options.required(arguments, "--graalpy"));
    if (arguments.containsKey("--lock")) {
      new PackageLocking(name, wants, shell, PackagePython::progress).run(lock);
      return false;
    }
    wants.check(lock);
    Lock.read(lock);
    if (arguments.containsKey("--check")) {
      progress(name + ": the lock file is up to date");
      return false;
    }
    return true;
  }

  private static void progress(String message) {
    System.err.println(message);
  }

  private static void fail(String message, Exception cause) {
    System.err.println(message);
    String file = System.getProperty("terrarium.failure");
    if (file != null) {
      try {
        Files.writeString(Path.of(file), message);
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
    if (Boolean.getBoolean("terrarium.debug")) {
      cause.printStackTrace();
    }
    System.exit(FAILED);
  }

  /** A hash of the tool's own classes: what an earlier version made is not used again. */
  private static String identityOfThisTool() throws IOException {
    Path code;
    try {
      URI uri = PackagePython.class.getProtectionDomain().getCodeSource().getLocation().toURI();
      code = Path.of(uri);
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
    if (Files.isDirectory(code)) {
      return identity(code);
    }
    try (FileSystem jar = FileSystems.newFileSystem(code)) {
      return identity(jar.getPath("/"));
    }
  }

  private static String identity(Path classes) throws IOException {
    SortedMap<String, Path> files = FileTrees.list(classes.resolve("dev/terrarium/packaging"));
    files.keySet().removeIf(name -> name.matches("Package[A-Z].*")); // commands, which make nothing
    return new Fingerprint().add(files).hex();
  }
}
