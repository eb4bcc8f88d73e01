package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a user asks for: requirements as pip reads them, and what is to be done with distributions
 * that have no wheel. Each lock file carries the wants that it was made of, so that it can be told
 * whether it is stale.
 *
 * @param graalPy the version that the packages are for
 * @param requirements such as {@code humanize==4.*}
 * @param recipes how what has no wheel is built, by the names of distributions
 * @param excludes names of distributions that are left out
 */
record PackageWants(
    String graalPy, List<String> requirements, Map<String, String> recipes, List<String> excludes) {

  private static final String BEGIN = "# [requirements]";
  private static final String RECIPE = "recipe: ";
  private static final String EXCLUDE = "exclude: ";
  private static final Pattern REQUIREMENT =
      Pattern.compile("([A-Za-z0-9][\\w.-]*)\\s*(?:\\[[^\\]]*])?\\s*(?:[(<>=!~;].*)?");

  /** Reads wants from a file with one of them a line. */
  static PackageWants read(Path file, String graalPy) throws IOException {
    List<String> requirements = new ArrayList<>();
    Map<String, String> recipes = new TreeMap<>();
    List<String> excludes = new ArrayList<>();
    Map<String, String> seen = new HashMap<>();
    for (String each : Files.readAllLines(file)) {
      String line = each.strip();
      if (line.startsWith(RECIPE)) {
        String[] parts = line.substring(RECIPE.length()).strip().split("\\s+", 2);
        recipes.put(Requirement.normalized(parts[0]), parts.length < 2 ? "" : parts[1]);
      } else if (line.startsWith(EXCLUDE)) {
        excludes.add(Requirement.normalized(line.substring(EXCLUDE.length()).strip()));
      } else if (!line.isEmpty()) {
        String other = seen.put(nameOf(line), line);
        if (other != null) {
          throw new PackagingException(
              "Two requirements name one Python package, which a context can have in one version:"
                  + " '%s' and '%s'. Keep one of them.".formatted(other, line));
        }
        requirements.add(line);
      }
    }
    if (requirements.isEmpty()) {
      throw new PackagingException(
          "No Python package is named: name some in <packages> or in the file of"
              + " <requirementsFile>.");
    }
    return new PackageWants(
        graalPy,
        requirements.stream().sorted(String.CASE_INSENSITIVE_ORDER).toList(),
        recipes,
        excludes.stream().sorted().toList());
  }

  private static String nameOf(String requirement) {
    Matcher matcher = REQUIREMENT.matcher(requirement);
    if (!matcher.matches()) {
      throw new PackagingException(
          "'"
              + requirement
              + "' is not the name of a Python package with versions, such as humanize or"
              + " humanize==4.*. Options, files and addresses cannot be locked.");
    }
    return Requirement.normalized(matcher.group(1));
  }

  /** Returns the lines of a lock file that say what it was made of. */
  List<String> header() {
    List<String> lines = new ArrayList<>(List.of(BEGIN, "# GraalPy " + graalPy));
    requirements.forEach(each -> lines.add("# " + each));
    recipes.forEach((name, steps) -> lines.add("# " + RECIPE + name + " " + steps));
    excludes.forEach(name -> lines.add("# " + EXCLUDE + name));
    return lines;
  }

  /**
   * Checks that a lock was made of these wants.
   *
   * @throws PackagingException when there is no lock, or it is stale
   */
  void check(Path lock) throws IOException {
    if (!Files.exists(lock)) {
      throw new PackagingException(
          "There is no lock file " + lock + ": run the goal lock once, and commit what it writes.");
    }
    List<String> locked = new ArrayList<>();
    boolean inHeader = false;
    for (String line : Files.readAllLines(lock)) {
      inHeader = line.equals(BEGIN) || (inHeader && line.matches("# [^\\[].*"));
      if (inHeader) {
        locked.add(line);
      }
    }
    List<String> wanted = header();
    if (locked.equals(wanted)) {
      return;
    }
    List<String> differences = new ArrayList<>();
    wanted.stream()
        .filter(line -> !locked.contains(line))
        .forEach(line -> differences.add("it was made without '" + line.substring(2) + "'"));
    locked.stream()
        .filter(line -> !wanted.contains(line))
        .forEach(line -> differences.add("it was made with '" + line.substring(2) + "'"));
    throw new PackagingException(
        "The lock file "
            + lock
            + " is stale: "
            + String.join(", ", differences)
            + ". Run the goal lock, and commit what it writes.");
  }

  /** Returns the recipe for a distribution, or an empty text. */
  String recipe(String name) {
    return recipes.getOrDefault(Requirement.normalized(name), "");
  }

  boolean excludes(String name) {
    return excludes.contains(Requirement.normalized(name).toLowerCase(Locale.ROOT));
  }
}
