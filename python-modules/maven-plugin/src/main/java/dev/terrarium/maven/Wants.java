package dev.terrarium.maven;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.maven.plugin.MojoFailureException;
import org.jspecify.annotations.Nullable;

/** What a pom asks for, as terrarium-packaging reads it: one want a line. */
final class Wants {

  private Wants() {}

  static List<String> lines(
      List<String> packages,
      @Nullable File requirementsFile,
      Map<String, String> recipes,
      List<String> excludes)
      throws IOException, MojoFailureException {
    List<String> lines = new ArrayList<>();
    packages.forEach(each -> lines.add(each.strip()));
    if (requirementsFile != null) {
      if (!requirementsFile.isFile()) {
        throw new MojoFailureException(
            "There is no file " + requirementsFile + ", which <requirementsFile> names.");
      }
      for (String line : Files.readAllLines(requirementsFile.toPath())) {
        lines.add(line.replaceFirst("(^|\\s)#.*", "").strip());
      }
    }
    lines.removeIf(String::isEmpty);
    new TreeMap<>(recipes)
        .forEach((name, steps) -> lines.add("recipe: " + name + " " + steps.strip()));
    excludes.forEach(each -> lines.add("exclude: " + each.strip()));
    return lines;
  }
}
