package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A lock file: pip's requirements format, one distribution a line, in sections that a comment
 * opens: {@code # [wheels]} as they are, {@code # [sources]} built here as the comment behind each
 * says, {@code # [tools]} used while building and not carried.
 */
record Lock(List<Requirement> wheels, List<Requirement> sources, List<Requirement> tools) {

  private static final Pattern SECTION = Pattern.compile("#\\s*\\[(wheels|sources|tools)].*");
  private static final Pattern LINE =
      Pattern.compile("([\\w.-]+)==(\\S+)(?:\\s+--hash=sha256:([0-9a-f]{64}))?(?:\\s+#\\s*(.*))?");

  /** What the archives of the module carry. */
  List<Requirement> carried() {
    return Stream.concat(wheels.stream(), sources.stream()).toList();
  }

  /** What pip fetches without building anything. */
  List<Requirement> ready() {
    return Stream.concat(wheels.stream(), tools.stream()).toList();
  }

  List<Requirement> all() {
    return Stream.concat(ready().stream(), sources.stream()).toList();
  }

  boolean hasTool(String name) {
    return tools.stream().anyMatch(tool -> tool.name().equals(name));
  }

  Requirement tool(String name) {
    return tools.stream()
        .filter(tool -> tool.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new PackagingException("The lock names no " + name + " under [tools]."));
  }

  /** Reads a lock in which every distribution has its hash. */
  static Lock read(Path file) throws IOException {
    Lock lock = readWithoutHashes(file);
    lock.all().stream()
        .filter(requirement -> requirement.sha256().isEmpty())
        .findFirst()
        .ifPresent(
            requirement -> {
              throw new PackagingException(
                  file + " has no hash for " + requirement.pinned() + "; run --relock.");
            });
    Map<String, Requirement> seen = new HashMap<>();
    for (Requirement requirement : lock.all()) {
      Requirement other = seen.put(Requirement.normalized(requirement.name()), requirement);
      if (other != null) {
        throw new PackagingException(
            file
                + " names "
                + requirement.name()
                + " twice, as "
                + other.pinned()
                + " and as "
                + requirement.pinned()
                + "; a context can have one version.");
      }
    }
    return lock;
  }

  /** Reads a lock in which hashes may be missing. */
  static Lock readWithoutHashes(Path file) throws IOException {
    Map<String, List<Requirement>> sections =
        Map.of(
            "wheels", new ArrayList<>(), "sources", new ArrayList<>(), "tools", new ArrayList<>());
    List<Requirement> current = null;
    for (String line : lines(file)) {
      Matcher section = SECTION.matcher(line);
      if (section.matches()) {
        current = sections.get(section.group(1));
        continue;
      }
      Requirement requirement = parse(file, line);
      if (requirement == null) {
        continue;
      }
      if (current == null) {
        throw new PackagingException(
            file + ": " + requirement.pinned() + " stands before [wheels], [sources] and [tools].");
      }
      current.add(requirement);
    }
    return new Lock(
        List.copyOf(sections.getOrDefault("wheels", List.of())),
        List.copyOf(sections.getOrDefault("sources", List.of())),
        List.copyOf(sections.getOrDefault("tools", List.of())));
  }

  /** What {@link #rewrite} does with each distribution. */
  interface Change {
    Requirement apply(Requirement requirement) throws IOException;
  }

  /** Writes the lock again with its comments, each distribution changed. */
  static void rewrite(Path file, Change change) throws IOException {
    List<String> changed = new ArrayList<>();
    for (String line : lines(file)) {
      Requirement requirement = parse(file, line);
      int comment = line.indexOf('#');
      if (requirement == null) {
        changed.add(line);
      } else {
        changed.add(
            change.apply(requirement).locked()
                + (comment < 0 ? "" : "  " + line.substring(comment)));
      }
    }
    Files.write(file, changed);
  }

  private static List<String> lines(Path file) throws IOException {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new PackagingException("There is no lock file " + file + ".", e);
    }
  }

  private static @Nullable Requirement parse(Path file, String line) {
    if (line.isBlank() || line.startsWith("#")) {
      return null;
    }
    Matcher matcher = LINE.matcher(line.strip());
    if (!matcher.matches()) {
      throw new PackagingException(
          file + ": not a line of the form name==version --hash=sha256:...: " + line);
    }
    String hash = matcher.group(3);
    String recipe = matcher.group(4);
    Map<String, String> steps = new LinkedHashMap<>();
    for (String step : recipe == null ? new String[0] : recipe.split(" ", -1)) {
      int equals = step.indexOf('=');
      if (equals > 0) {
        steps.put(step.substring(0, equals), step.substring(equals + 1));
      }
    }
    return new Requirement(
        matcher.group(1), matcher.group(2), hash == null ? "" : hash, Map.copyOf(steps));
  }
}
