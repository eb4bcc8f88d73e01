package dev.terrarium.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A report of how this JVM was started, as far as that decides how fast Python starts and runs, and
 * of what is lost without it (docs/guides/deploy.md).
 */
final class JavaRuntime {

  private JavaRuntime() {}

  static String python(boolean compiled) {
    return compiled
        ? "compiled where it is hot, once the first framework has loaded, for 300 to 900 MB of"
            + " memory and, until it is done, one processor (TERRARIUM_JIT=off does without)"
        : "interpreted: a busy program stays four to six times slower than compiled. `terrarium"
            + " run` compiles (TERRARIUM_JIT=on terrarium doctor shows that)";
  }

  /**
   * Returns the state of the AOT cache. Whether the JVM refused a cache that was given shows only
   * in the JVM's description of itself.
   */
  static String aotCache() {
    String cache =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .getVMOption("AOTCache")
            .getValue();
    return aotCache(cache, System.getProperty("java.vm.info", ""));
  }

  static String aotCache(String cache, String vmInfo) {
    if (cache.isEmpty()) {
      return "none: the start takes about twice as long";
    }
    if (!vmInfo.contains("sharing")) {
      return cache
          + " was refused: the start takes about twice as long. It was trained with other jars,"
          + " flags or another Java; java -Xlog:aot says why";
    }
    return cache;
  }

  /** Returns whether an image is that of this Java or of a running process, or is being made. */
  static boolean uses(Path image) {
    String name = String.valueOf(image.getFileName());
    Path home = Path.of(System.getProperty("java.home"));
    try {
      byte[] release = Files.readAllBytes(home.resolve("release"));
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(release);
      Path place = image.toRealPath();
      return HexFormat.of().formatHex(hash).startsWith(name) // named by the launcher
          || name.contains(".")
          || home.startsWith(place)
          || ProcessHandle.allProcesses()
              .flatMap(process -> process.info().command().stream())
              .anyMatch(command -> Path.of(command).startsWith(place));
    } catch (IOException | NoSuchAlgorithmException e) {
      return true; // nothing is removed on a guess
    }
  }

  /**
   * Returns the home of the launcher's image, or says that this is a JDK, whose stub of the
   * compiler keeps the real compiler from working beside an AOT cache.
   */
  static String image() {
    return ModuleFinder.ofSystem().find("jdk.graal.compiler").isPresent()
        ? "none, a JDK: either the compiler or the AOT cache can be in force, not both"
        : System.getProperty("java.home");
  }
}
