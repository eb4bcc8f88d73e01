package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** One page and plots from the JSON files of all experiments. */
@CommandLine.Command(
    name = "report",
    description = "One HTML page, its tables as Markdown, and SVG plots, from the JSON files.",
    mixinStandardHelpOptions = true)
final class Report implements Callable<Integer> {

  /** What the experiments are called, in the order of the report. */
  private static final Map<String, String> TITLES = titles();

  private static final List<String> ORDER = List.copyOf(TITLES.keySet());

  private static final String PAGE =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <title>Terrarium: benchmarks</title>
      <style>
      body { font: 15px/1.4 sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em }
      img { max-width: 100% }
      table { border-collapse: collapse; font-size: 13px }
      td, th { border: 1px solid #ccc; padding: 2px 8px; text-align: left }
      .how { color: #555; font-size: 12px }
      </style>
      </head>
      <body>
      <h1>Terrarium: benchmarks</h1>
      BODY</body>
      </html>
      """;

  @Spec CommandSpec spec;

  @Option(
      names = "--in",
      paramLabel = "DIR",
      description = "Folder of the JSON files; docs/benchmarks of this checkout when left out.")
  Path in = PythonSide.root().resolve("docs/benchmarks");

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the page and the plots; that of the JSON files when left out.")
  Path out = Path.of("");

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(in)) {
      throw new ParameterException(spec.commandLine(), "--in is " + in + ", which is no folder.");
    }
    Path folder = out.toString().isEmpty() ? in : out;
    List<Results> all = Results.readAll(in);
    if (all.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--in is " + in + ", where there are no results: run terrarium bench all first.");
    }
    write(all, folder);
    System.out.println(folder.resolve("index.html"));
    return 0;
  }

  private static Map<String, String> titles() {
    Map<String, String> titles = new LinkedHashMap<>();
    titles.put("echo", "Echo beside the peers");
    titles.put("start", "Start");
    titles.put("warmup", "Warm-up");
    titles.put("scale", "Contexts against processes");
    titles.put("scale-file", "Contexts against processes, each with a framework of one file");
    titles.put("scale-real", "Contexts against processes, on a real model");
    titles.put("micro", "Parts");
    titles.put("pool", "The pool alone");
    titles.put("load", "Load");
    return titles;
  }

  static void write(List<Results> all, Path folder) throws IOException {
    System.setProperty("java.awt.headless", "true");
    Files.createDirectories(folder);
    StringBuilder html = new StringBuilder();
    StringBuilder markdown = new StringBuilder();
    List<Results> sorted =
        all.stream()
            .sorted(
                Comparator.comparingInt((Results each) -> place(each.kind()))
                    .thenComparing(Results::experiment))
            .toList();
    for (Results results : sorted) {
      List<String> caption = caption(results);
      String title = title(results);
      html.append("<h2>").append(escaped(title)).append("</h2>\n");
      html.append("<p class=\"how\">")
          .append(caption.stream().map(Report::escaped).collect(Collectors.joining("<br/>")))
          .append("</p>\n");
      markdown.append("## ").append(title).append("\n\n");
      markdown.append(String.join("\n", caption)).append("\n\n");
      remarks(results, html, markdown);
      for (Figures.Figure figure : Figures.of(results)) {
        Svg.write(figure, caption, folder);
        html.append("<p><img src=\"%1$s.svg\" alt=\"%1$s\"/></p>\n".formatted(figure.name()));
        markdown.append("![%1$s](%1$s.svg)\n\n".formatted(figure.name()));
      }
      tables(Table.of(results.rows()), html, markdown);
    }
    Files.writeString(folder.resolve("index.html"), PAGE.replace("BODY", html));
    Files.writeString(folder.resolve("tables.md"), markdown);
  }

  private static String title(Results results) {
    String limits = results.experiment().substring(results.kind().length()).replace('-', ' ');
    return TITLES.getOrDefault(
        results.experiment(), TITLES.getOrDefault(results.kind(), results.kind()) + limits);
  }

  private static int place(String experiment) {
    int place = ORDER.indexOf(experiment);
    return place < 0 ? ORDER.size() : place;
  }

  /** What anybody needs to know to measure it again. */
  private static List<String> caption(Results results) {
    return List.of(
        results.date() + ", " + results.command() + "; " + words(results.settings()),
        words(results.machine()),
        words(results.versions()));
  }

  private static String words(Map<String, Object> values) {
    return values.entrySet().stream()
        .map(each -> each.getKey() + " " + each.getValue())
        .collect(Collectors.joining(", "));
  }

  private static void remarks(Results results, StringBuilder html, StringBuilder markdown) {
    List<String> remarks = new ArrayList<>();
    results
        .summary()
        .forEach(
            (key, value) -> {
              if (value instanceof List<?> several) {
                several.forEach(each -> remarks.add(String.valueOf(each)));
              } else {
                remarks.add(key + ": " + value);
              }
            });
    if (!remarks.isEmpty()) {
      html.append(
          remarks.stream()
              .map(remark -> "<li>" + escaped(remark) + "</li>\n")
              .collect(Collectors.joining("", "<ul>\n", "</ul>\n")));
      remarks.forEach(remark -> markdown.append("- ").append(remark).append("\n"));
      markdown.append("\n");
    }
  }

  private static void tables(Table table, StringBuilder html, StringBuilder markdown) {
    html.append("<table>\n").append(line(table.columns(), "th"));
    markdown
        .append(line(table.columns()))
        .append(line(table.columns().stream().map(each -> "---").toList()));
    for (List<String> line : table.lines()) {
      html.append(line(line, "td"));
      markdown.append(line(line));
    }
    html.append("</table>\n");
    markdown.append("\n");
  }

  private static String line(List<String> cells, String tag) {
    return cells.stream()
        .map(cell -> "<" + tag + ">" + escaped(cell) + "</" + tag + ">")
        .collect(Collectors.joining("", "<tr>", "</tr>\n"));
  }

  private static String line(List<String> cells) {
    return cells.stream()
        .map(cell -> cell.replace("|", "\\|"))
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
