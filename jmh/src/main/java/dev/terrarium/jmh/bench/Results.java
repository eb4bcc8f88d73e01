package dev.terrarium.jmh.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one experiment measured, as it is kept in a JSON file. Immutable.
 *
 * @param experiment its name, also the file's
 * @param command what measured it
 * @param date when it began, ISO 8601 in UTC
 * @param machine what it ran on, with the load average before and after
 * @param versions of all that took part
 * @param settings how long, how often
 * @param summary figures of the whole, and remarks
 * @param rows the measurements, each of plain values by the same names
 */
record Results(
    String experiment,
    String command,
    String date,
    Map<String, Object> machine,
    Map<String, Object> versions,
    Map<String, Object> settings,
    Map<String, Object> summary,
    List<Map<String, Object>> rows) {

  private static final ObjectMapper JSON = new ObjectMapper();

  Results {
    for (Object part : new @Nullable Object[] {experiment, machine, versions, rows}) {
      if (part == null) {
        throw new IllegalArgumentException("it has no experiment, machine, versions or rows");
      }
    }
  }

  /** The experiment without what it was limited to, which stands behind a hyphen. */
  String kind() {
    return experiment.split("-", 2)[0];
  }

  /** One row a line, so that files stay small and differences can be read. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE);
    ObjectWriter pretty = JSON.writer(printer);
    Map<String, Object> head =
        JSON.convertValue(this, new TypeReference<TreeMap<String, Object>>() {});
    head.remove("rows");
    StringBuilder text = new StringBuilder(pretty.writeValueAsString(head));
    text.setLength(text.lastIndexOf("}"));
    text.setLength(text.toString().stripTrailing().length());
    text.append(",\n  \"rows\" : [");
    String separator = "\n    ";
    for (Map<String, Object> row : rows) {
      text.append(separator).append(JSON.writeValueAsString(row));
      separator = ",\n    ";
    }
    Files.writeString(folder.resolve(experiment + ".json"), text.append("\n  ]\n}\n"));
  }

  /**
   * All of a folder, by name.
   *
   * @throws IllegalArgumentException naming a file that is none of ours
   */
  static List<Results> readAll(Path folder) throws IOException {
    List<Results> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .forEach(file -> all.add(read(file)));
    }
    return all;
  }

  private static Results read(Path file) {
    try {
      return JSON.readValue(file.toFile(), Results.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + " holds no results of terrarium bench: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
