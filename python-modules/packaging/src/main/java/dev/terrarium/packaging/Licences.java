package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The licences of what an archive carries. */
final class Licences {

  private static final Pattern FILE = Pattern.compile("(?i)(licen[cs]e|copying|notice|authors).*");
  private static final String CLASSIFIER = "License :: ";
  private static final int LONGEST_NAME = 60;

  private final List<String> rows = new ArrayList<>();

  /** Whether a file's name says that it is a licence. */
  static boolean isLicence(Path file) {
    return Files.isRegularFile(file) && FILE.matcher(String.valueOf(file.getFileName())).matches();
  }

  /** Copies the licence files of every distribution in a site folder, and notes their names. */
  void collect(Path site, Path licences) throws IOException {
    if (!Files.isDirectory(site)) {
      return;
    }
    List<Path> infos;
    try (Stream<Path> folders = Files.list(site)) {
      infos = folders.filter(f -> f.toString().endsWith(".dist-info")).sorted().toList();
    }
    for (Path info : infos) {
      Metadata metadata = Metadata.read(info.resolve("METADATA"));
      Path target = licences.resolve(metadata.name() + "-" + metadata.version());
      if (Files.isDirectory(info.resolve("licenses"))) {
        FileTrees.copy(info.resolve("licenses"), target, name -> true);
      }
      try (Stream<Path> files = Files.list(info)) {
        for (Path file : files.filter(Licences::isLicence).toList()) {
          FileTrees.copyFile(file, target.resolve(String.valueOf(file.getFileName())));
        }
      }
      note(metadata.name(), metadata.version(), metadata.licence());
    }
  }

  void note(String name, String version, String licence) {
    rows.add("| " + name + " | " + version + " | " + licence.replace("|", "\\|") + " |");
  }

  /** Writes the list of all that was noted, in Markdown. */
  void write(String owner, Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("# Third-party software in the Python packages of " + owner);
    lines.add("");
    lines.add("| Name | Version | Licence |");
    lines.add("|---|---|---|");
    rows.stream().sorted(String.CASE_INSENSITIVE_ORDER).forEach(lines::add);
    FileTrees.createParent(file);
    Files.write(file, lines);
  }

  private record Metadata(String name, String version, String licence) {

    static Metadata read(Path file) throws IOException {
      String name = "";
      String version = "";
      String expression = "";
      String free = "";
      List<String> classified = new ArrayList<>();
      for (String line : Files.readString(file, StandardCharsets.UTF_8).lines().toList()) {
        if (line.isEmpty()) {
          break; // the description follows
        }
        int colon = line.indexOf(": ");
        String value = colon < 0 ? "" : line.substring(colon + 2).strip();
        switch (colon < 0 ? "" : line.substring(0, colon).toLowerCase(Locale.ROOT)) {
          case "name" -> name = value;
          case "version" -> version = value;
          case "license-expression" -> expression = value;
          case "license" -> free = value;
          case "classifier" -> {
            if (value.startsWith(CLASSIFIER)) {
              classified.add(value.substring(value.lastIndexOf(":: ") + 3));
            }
          }
          default -> {}
        }
      }
      return new Metadata(name, version, choose(expression, free, classified));
    }

    private static String choose(String expression, String free, List<String> classified) {
      if (!expression.isEmpty()) {
        return expression;
      }
      // A whole licence may stand there, which begins with its copyright.
      boolean isName = free.length() <= LONGEST_NAME && !free.startsWith("Copyright");
      if (!free.isEmpty() && isName) {
        return free;
      }
      return classified.isEmpty() ? "see its licence file" : String.join(", ", classified);
    }
  }
}
