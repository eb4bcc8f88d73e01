package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Makes the archive of one module in steps, each kept in the build cache by what it depends on:
 * GraalPy's home and the downloaded files; the packages of the lock, compiled; and the archive,
 * which adds the module's own Python sources. So a build in which nothing changed does nothing, and
 * one in which only own sources changed compiles those.
 */
final class Packager {

  private static final String PROPERTIES = "META-INF/terrarium/python-packages.properties";

  /** The folder of the properties of a user's sets, of which one jar may have several. */
  private static final String SETS = "META-INF/terrarium/python/";

  private final Options options;
  private final String tool;
  private final BuildCache cache;
  private final Shell shell;
  private final GraalPy graalPy;
  private final Consumer<String> progress;

  /**
   * @param tool what identifies this version of the tool
   */
  Packager(
      Options options,
      String tool,
      BuildCache cache,
      Shell shell,
      GraalPy graalPy,
      Consumer<String> progress) {
    this.options = options;
    this.tool = tool;
    this.cache = cache;
    this.shell = shell;
    this.graalPy = graalPy;
    this.progress = progress;
  }

  /**
   * Writes the archive and its properties below the output folder. After a failure there are no
   * properties.
   */
  void run() throws IOException {
    try {
      copy(made());
      if (options.isSet()) {
        nameSets();
      }
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(options.output().resolve(PROPERTIES));
      throw e;
    }
  }

  /** Writes which sets the jar has. */
  private void nameSets() throws IOException {
    String names =
        FileTrees.list(options.output().resolve(SETS)).keySet().stream()
            .filter(name -> name.endsWith(".properties"))
            .map(name -> name.substring(0, name.length() - ".properties".length()))
            .collect(Collectors.joining(","));
    Files.writeString(options.output().resolve(PROPERTIES), "sets=" + names + "\n");
  }

  private Path made() throws IOException {
    Lock lock = Lock.read(options.lock());
    SortedMap<String, Path> sources = ownSources();
    Fingerprint inputs =
        new Fingerprint()
            .add(tool)
            .add(options.identity())
            .add(Files.readString(options.lock()))
            .add(sources)
            .add(FileTrees.list(options.licences()));
    return cache.folder(options.name() + "-archive", inputs, folder -> make(folder, lock, sources));
  }

  private void copy(Path made) throws IOException {
    for (var file : FileTrees.list(made.resolve("output")).entrySet()) {
      Path target = options.output().resolve(file.getKey());
      if (!Files.isRegularFile(target) || Files.mismatch(file.getValue(), target) != -1) {
        FileTrees.copyFile(file.getValue(), target);
      }
    }
  }

  private SortedMap<String, Path> ownSources() throws IOException {
    SortedMap<String, Path> sources = new TreeMap<>();
    for (var file : FileTrees.list(options.sources()).entrySet()) {
      if (!file.getKey().matches("(.*/)?(__pycache__|\\.[^/]*)/.*|.*\\.pyc")) {
        sources.put(file.getKey(), file.getValue());
      }
    }
    return sources;
  }

  private void make(Path folder, Lock lock, SortedMap<String, Path> sources) throws IOException {
    List<String> modules = sources.keySet().stream().filter(n -> n.endsWith(".py")).toList();
    Steps steps = new Steps(options.name(), plan(lock, modules), progress);
    PythonHome home =
        new PythonHome(
            cache.folder(
                "home",
                new Fingerprint().add(tool).add(options.graalPyVersion()),
                empty ->
                    steps.run(
                        "home",
                        "compiling Python's standard library",
                        () -> {
                          PythonHome.make(empty, graalPy);
                          return 0;
                        })));
    Path packages =
        new LockedPackages(options, tool, cache, shell, graalPy, steps).folder(lock, home);

    Path own = folder.resolve("own");
    for (var source : sources.entrySet()) {
      FileTrees.copyFile(source.getValue(), own.resolve(source.getKey()));
    }
    if (!modules.isEmpty()) {
      steps.run(
          "own",
          "compiling " + modules.size() + " Python files of Terrarium",
          () -> {
            List<String> failures = graalPy.compile(home.home(), own, modules);
            if (!failures.isEmpty()) {
              throw new PackagingException(
                  options.sources().getFirst() + "/" + failures.getFirst());
            }
            return 0;
          });
    }

    Archive archive = new Archive();
    for (String part : List.of("site", "prefix", "licenses")) {
      archive.add(part, packages.resolve(part));
    }
    archive.add("site", own);
    if (options.withHome()) {
      archive.add("home", home.home());
    }
    steps.run(
        "pack",
        "packing all in one archive",
        () -> {
          long size = write(archive, lock, packages, folder.resolve("output"));
          steps.note("the archive has " + Steps.size(size));
          return 0;
        });
    FileTrees.delete(own);
  }

  private List<String> plan(Lock lock, List<String> ownModules) {
    List<String> plan = new ArrayList<>(List.of("home"));
    plan.addAll(LockedPackages.plan(options, lock));
    if (!ownModules.isEmpty()) {
      plan.add("own");
    }
    plan.add("pack");
    return plan;
  }

  /** Returns the size of the archive. */
  private long write(Archive archive, Lock lock, Path packages, Path output) throws IOException {
    String path = "META-INF/terrarium/python/" + options.name() + ".zip";
    Path zip = output.resolve(path);
    archive.write(zip);
    FileTrees.copyFile(
        packages.resolve("licenses/THIRD-PARTY.md"),
        output.resolve("META-INF/terrarium/python/" + options.name() + "-THIRD-PARTY.md"));

    List<String> lines = new ArrayList<>();
    lines.add("name=" + options.name());
    lines.add("archive=" + path);
    lines.add("sha256=" + Fingerprint.sha256(zip));
    lines.add("graalpy=" + options.graalPyVersion());
    lines.add("requires=" + String.join(",", options.requires()));
    lines.add(
        "distributions="
            + lock.carried().stream().map(Requirement::pinned).collect(Collectors.joining(",")));
    if (!options.framework().isEmpty()) {
      lines.add("framework=" + options.framework());
      lines.add("bridge=" + options.bridge());
      lines.add("optional=" + String.join(",", options.optional()));
    }
    Path properties =
        output.resolve(options.isSet() ? SETS + options.name() + ".properties" : PROPERTIES);
    FileTrees.createParent(properties);
    Files.write(properties, lines);
    return Files.size(zip);
  }
}
