package dev.terrarium.cli;

import dev.terrarium.Terrarium;
import dev.terrarium.error.PackageException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.internal.context.PolyglotRuntime;
import dev.terrarium.internal.context.PythonPackages;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.internal.resource.CacheFolder.Removed;
import dev.terrarium.internal.resource.ClassLoaders;
import dev.terrarium.internal.resource.UnpackedArchive;
import dev.terrarium.spi.LanguageModelProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The command {@code doctor}, which reports the settings in force, and faults with their remedy.
 */
@Command(
    name = "doctor",
    description = "Checks the JDK, the packages, the models and the cache folder.",
    mixinStandardHelpOptions = true)
final class Doctor implements Callable<Integer> {

  private static final long MIB = 1 << 20;

  /**
   * The folders of the cache folder that have one entry for each content; {@code java} is the
   * launcher's.
   */
  private static final List<String> KINDS = List.of("python", "models", "native", "java");

  @Option(
      names = "--prune",
      description =
          "Also remove from the cache folder what this build does not use and no process has in"
              + " use.")
  private boolean prune;

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
        PythonPackages.discover(ClassLoaders.ofContextAnd(Terrarium.class), cache);
    for (String name : packages.names()) {
      check("packages " + name, () -> packages(packages.folder(name)));
    }
    for (LanguageModelProvider provider : providers()) {
      provider.findings().forEach((models, found) -> check("models " + models, () -> found));
    }
    check("contexts", this::contexts);
    if (prune) {
      check("pruned", () -> prune(cache));
    }
    return healthy ? 0 : 1;
  }

  private static ServiceLoader<LanguageModelProvider> providers() {
    return ServiceLoader.load(
        LanguageModelProvider.class, ClassLoaders.ofContextAnd(Terrarium.class));
  }

  /**
   * Reads every file of the packages; damaged files are removed, so that the next start unpacks
   * them again.
   */
  private static String packages(Path folder) {
    List<String> damaged = UnpackedArchive.damaged(folder);
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
      check("model", () -> terrarium.shared().languageModel(Optional.empty()).name());
      return "%s; %d of %d native slots taken"
          .formatted(
              terrarium.stats().pool(),
              terrarium.stats().nativeSlotsTaken(),
              terrarium.stats().nativeSlotLimit());
    }
  }

  /** Removes unused folders; what this build uses is in use since the checks above. */
  private String prune(CacheFolder cache) {
    if (!healthy) {
      return "nothing, because a fault was found above; fix it first";
    }
    List<Removed> removed = new ArrayList<>();
    for (String kind : KINDS) {
      removed.addAll(cache.prune(kind, kind.equals("java") ? JavaRuntime::uses : entry -> false));
    }
    StringBuilder found = new StringBuilder();
    for (Removed each : removed) {
      found.append("%s, %d MiB%n%-20s ".formatted(each.place(), each.bytes() / MIB, ""));
    }
    long bytes = removed.stream().mapToLong(Removed::bytes).sum();
    return found + "%d folders, %d MiB".formatted(removed.size(), bytes / MIB);
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
