package dev.terrarium.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;

/**
 * Says how this JVM was started, as far as it decides how fast Python starts and runs, and what is
 * lost without (docs/guides/deploy.md).
 */
final class JavaRuntime {

  private JavaRuntime() {}

  static String python(boolean compiled) {
    return compiled
        ? "compiled where it is hot, once the first framework has loaded"
        : "interpreted: a busy program stays about five times slower. `terrarium run` compiles"
            + " (TERRARIUM_JIT=on terrarium doctor shows that)";
  }

  /** A cache that was given and is refused shows only in what the JVM says of itself. */
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

  /** The JDK brings a stub of the compiler, which keeps the real one from beside an AOT cache. */
  static String image() {
    return ModuleFinder.ofSystem().find("jdk.graal.compiler").isPresent()
        ? "none, a JDK: either the compiler or the AOT cache can be in force, not both"
        : System.getProperty("java.home");
  }
}
