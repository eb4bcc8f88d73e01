package dev.terrarium.packaging;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Asks the machine's pip which files requirements come to on GraalPy, by the script {@code
 * resolve.py}, whose head says how.
 */
final class PackageResolver {

  /**
   * What one distribution is resolved to.
   *
   * @param kind {@code wheel}, {@code source}, or {@code none} if there is no file that could be
   *     used
   * @param requiredBy the distributions that require it, for messages; empty if only the user does
   * @param compiled whether its source distribution has code to compile
   * @param language what its build needs, such as Rust; empty if that is not known
   * @param paths its Python packages and modules within the source distribution
   */
  record Resolved(
      String kind,
      String name,
      String version,
      String sha256,
      String requiredBy,
      boolean compiled,
      String language,
      String paths) {

    String pinned() {
      return name + "==" + version;
    }

    private static Resolved of(String record) {
      String[] texts = record.split("\t", -1);
      return switch (texts[0]) {
        case "wheel" ->
            new Resolved(texts[0], texts[1], texts[2], texts[3], texts[4], false, "", "");
        case "none" -> new Resolved(texts[0], texts[1], texts[2], "", texts[3], true, "", "");
        default ->
            new Resolved(
                texts[0],
                texts[1],
                texts[2],
                texts[3],
                texts[4],
                texts[5].equals("yes"),
                texts[6],
                texts[7]);
      };
    }
  }

  private static final Pattern CONFLICT =
      Pattern.compile("(?s)The conflict is caused by:\\R(.*?)\\R\\s*\\R");

  private final Shell shell;
  private final String name;
  private final String graalPyVersion;

  /**
   * @param name of the set of packages, for messages
   */
  PackageResolver(Shell shell, String name, String graalPyVersion) {
    this.shell = shell;
    this.name = name;
    this.graalPyVersion = graalPyVersion;
  }

  /** Returns all distributions that the requirements come to, sorted by name. */
  List<Resolved> resolve(List<String> requirements) throws IOException {
    String request =
        "\"requirements\":[%s]"
            .formatted(
                requirements.stream().map(PackageResolver::json).collect(Collectors.joining(",")));
    return run("lock", request).stream().map(Resolved::of).toList();
  }

  /** Downloads source distributions into a folder, without running anything of theirs. */
  void fetch(List<Requirement> sources, Path folder) throws IOException {
    String request =
        "\"folder\":%s,\"sources\":[%s]"
            .formatted(
                json(folder.toString()),
                sources.stream()
                    .map(each -> "[" + json(each.name()) + "," + json(each.version()) + "]")
                    .collect(Collectors.joining(",")));
    run("fetch", request);
  }

  private List<String> run(String work, String request) throws IOException {
    Path python = shell.find("python3");
    if (python == null) {
      throw new PackagingException(Pip.NO_PYTHON);
    }
    Pip pip = new Pip(shell, name, graalPyVersion);
    Path folder = Files.createTempDirectory("terrarium-resolve");
    try {
      Path script = folder.resolve("resolve.py");
      try (InputStream in =
          Objects.requireNonNull(
              PackageResolver.class.getResourceAsStream("/dev/terrarium/resolver/resolve.py"))) {
        Files.copy(in, script);
      }
      Path asked = folder.resolve("request.json");
      String platforms =
          pip.platforms().stream().map(PackageResolver::json).collect(Collectors.joining(","));
      Files.writeString(
          asked,
          "{\"abi\":%s,\"platforms\":[%s],%s}".formatted(json(pip.abi()), platforms, request));
      Path answer = folder.resolve("answer.txt");
      Shell.Result result =
          shell.run(
              python,
              List.of(script.toString(), work, asked.toString(), answer.toString()),
              Map.of());
      if (!result.succeeded()) {
        throw new PackagingException(explain(pip, result), new IOException(result.output()));
      }
      return Files.readAllLines(answer);
    } finally {
      FileTrees.delete(folder);
    }
  }

  private String explain(Pip pip, Shell.Result result) {
    Matcher conflict = CONFLICT.matcher(result.output() + "\n\n");
    if (!conflict.find()) {
      return pip.explain(result);
    }
    List<String> lines = new ArrayList<>();
    lines.add(name + " needs two versions of one Python package, and a context can have one:");
    conflict.group(1).lines().map(String::strip).forEach(line -> lines.add("  " + line));
    lines.add("Loosen one of these requirements, or use two sets of packages in two frameworks.");
    return String.join("\n", lines);
  }

  private static String json(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
