package dev.terrarium.cli;

import dev.terrarium.Terrarium;
import dev.terrarium.context.PolyglotRuntime;
import dev.terrarium.context.PythonPackages;
import dev.terrarium.error.PackageException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.resource.CacheFolder;
import dev.terrarium.resource.Tree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;

/** Says what is in force and what is wrong, with the fix. */
@Command(
    name = "doctor",
    description = "Checks the JDK, the packages, the model and the cache folder.",
    mixinStandardHelpOptions = true)
final class Doctor implements Callable<Integer> {

  private static final long MIB = 1 << 20;

  private boolean healthy = true;

  @Override
  public Integer call() {
    check("terrarium", Version::terrarium);
    check("java", () -> System.getProperty("java.runtime.version"));
    check("platform", () -> System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    check("memory", () -> "heap up to " + Runtime.getRuntime().maxMemory() / MIB + " MiB");
    CacheFolder cache = CacheFolder.ofDefaults();
    check("python", () -> JavaRuntime.python(PolyglotRuntime.compiles(cache)));
    check("AOT cache", JavaRuntime::aotCache);
    check("image", JavaRuntime::image);
    check("cache folder", () -> cache.root().toString());
    PythonPackages packages =
        PythonPackages.discover(Thread.currentThread().getContextClassLoader(), cache);
    for (String name : packages.names()) {
      check("packages " + name, () -> packages(packages.folder(name)));
    }
    check("contexts", this::contexts);
    return healthy ? 0 : 1;
  }

  /** Reads every file; damaged ones are removed, so that the next start lays them out again. */
  private static String packages(Path folder) {
    List<String> damaged = Tree.damaged(folder);
    try {
      for (String path : damaged) {
        Files.deleteIfExists(folder.resolve(path));
      }
    } catch (IOException e) {
      throw new PackageException(
          folder + " holds damaged files that cannot be removed: " + e + ". Delete the folder.", e);
    }
    if (!damaged.isEmpty()) {
      throw new PackageException(
          folder
              + " held "
              + damaged.size()
              + " damaged files, such as "
              + damaged.getFirst()
              + ". They were removed; the next start lays them out again.");
    }
    return folder + ", whole";
  }

  private String contexts() {
    try (Terrarium terrarium = Terrarium.start()) {
      for (String framework : terrarium.stats().frameworks()) {
        check(
            "framework " + framework,
            () -> String.valueOf(terrarium.call(framework, "ping", Map.of())));
      }
      check("model", () -> terrarium.languageModel(Optional.empty()).name());
      return "%s; %d of %d native slots taken"
          .formatted(
              terrarium.stats().pool(),
              terrarium.stats().nativeSlotsTaken(),
              terrarium.stats().nativeSlotLimit());
    }
  }

  private void check(String what, Supplier<String> finding) {
    String found;
    try {
      found = finding.get();
    } catch (TerrariumException e) {
      found = "WRONG: " + e.getMessage();
      healthy = false;
    }
    System.out.printf("%-20s %s%n", what, found);
  }
}
