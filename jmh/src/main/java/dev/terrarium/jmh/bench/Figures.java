package dev.terrarium.jmh.bench;

import java.awt.Color;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;

/** The plots of each experiment, made of its medians. */
final class Figures {

  static final int WIDTH = 960;
  static final int HEIGHT = 520;

  private static final Color[] COLOURS = {
    new Color(0x1b6ca8), new Color(0xd1495b), new Color(0x2e933c), new Color(0xedae49),
    new Color(0x6a4c93), new Color(0x8d6346), new Color(0x30638e), new Color(0x7a7a7a)
  };

  /**
   * A plot.
   *
   * @param name of its file, without the ending
   */
  record Figure(String name, Chart<?, ?> chart) {}

  private Figures() {}

  /** None for an experiment that is shown as a table only. */
  static List<Figure> of(Results results) {
    List<Map<String, Object>> rows = results.rows();
    return switch (results.kind()) {
      case "echo" ->
          List.of(
              bars(
                  "echo-p50",
                  "Echo by one caller, median",
                  "us",
                  true,
                  one(rows),
                  "peer",
                  "payload",
                  "p50Us"),
              bars(
                  "echo-p99",
                  "Echo by one caller, p99",
                  "us",
                  true,
                  one(rows),
                  "peer",
                  "payload",
                  "p99Us"),
              lines(
                  "echo-throughput",
                  "Echo of 1 kB by many callers",
                  "callers",
                  "echoes a second",
                  having(rows, "payload", "1 kB"),
                  "peer",
                  "callers",
                  "perSecond"));
      case "pool" ->
          List.of(
              lines(
                  "pool-throughput",
                  "The pool alone, lines by contexts",
                  "waiting callers",
                  "borrowed a second",
                  rows,
                  "contexts",
                  "callers",
                  "perSecond"),
              lines(
                  "pool-p99",
                  "The pool alone, p99 of the wait, lines by contexts",
                  "waiting callers",
                  "us",
                  rows,
                  "contexts",
                  "callers",
                  "p99Us"));
      case "warmup" -> warmUps(results.experiment(), rows);
      case "start" -> starts(rows);
      case "scale" ->
          List.of(
              lines(
                  results.experiment() + "-throughput",
                  "Calls a second of all workers together",
                  "workers",
                  "calls a second",
                  rows,
                  "variant",
                  "workers",
                  "callsPerSecond"),
              lines(
                  results.experiment() + "-p99",
                  "p99 of a call",
                  "workers",
                  "ms",
                  rows,
                  "variant",
                  "workers",
                  "p99Ms"),
              bars(
                  results.experiment() + "-memory",
                  "Memory of all Python (PSS)",
                  "MB",
                  false,
                  rows,
                  "variant",
                  "workers",
                  "pythonPssMb"));
      case "load" -> loads(rows);
      default -> List.of();
    };
  }

  private static List<Map<String, Object>> one(List<Map<String, Object>> rows) {
    return having(rows, "callers", 1);
  }

  private static List<Map<String, Object>> having(
      List<Map<String, Object>> rows, String key, Object value) {
    return rows.stream().filter(row -> value.equals(row.get(key))).toList();
  }

  private static Set<Object> distinct(List<Map<String, Object>> rows, String key) {
    Set<Object> values = new LinkedHashSet<>();
    rows.forEach(row -> values.add(row.get(key)));
    return values;
  }

  private static List<Figure> warmUps(String experiment, List<Map<String, Object>> rows) {
    List<Figure> figures = new ArrayList<>();
    for (Object workload : distinct(rows, "workload")) {
      figures.add(
          lines(
              experiment + "-" + slug(workload),
              workload + ": time of a call by the calls before it",
              "calls",
              "ms",
              having(rows, "workload", workload),
              "variant",
              "calls",
              "ms"));
    }
    return figures;
  }

  private static List<Figure> starts(List<Map<String, Object>> rows) {
    List<Figure> figures = new ArrayList<>();
    for (Object variant : distinct(rows, "variant")) {
      Figure figure =
          bars(
              "start-" + slug(variant),
              "From the start of the process to the first answer, by phase: " + variant,
              "s",
              false,
              having(rows, "variant", variant),
              "phase",
              "goal",
              "seconds");
      ((CategoryChart) figure.chart()).getStyler().setStacked(true);
      figures.add(figure);
    }
    return figures;
  }

  private static List<Figure> loads(List<Map<String, Object>> rows) {
    XYChart pool = xy("The pool while it is under load", "s", "");
    XYChart calls = xy("Calls while it is under load", "s", "a second; ms");
    double[] seconds = column(rows, "seconds");
    for (String name : List.of("active", "idle", "pending")) {
      pool.addSeries(name, seconds, column(rows, name));
    }
    for (String name : List.of("callsPerSecond", "failuresPerSecond", "p50Ms", "p99Ms")) {
      calls.addSeries(name, seconds, column(rows, name));
    }
    return List.of(new Figure("load-pool", pool), new Figure("load-calls", calls));
  }

  private static double[] column(List<Map<String, Object>> rows, String name) {
    return rows.stream()
        .mapToDouble(row -> ((Number) Objects.requireNonNull(row.get(name))).doubleValue())
        .toArray();
  }

  /** As a part of a file's name. */
  static String slug(Object name) {
    return name.toString().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
  }

  /** Both axes logarithmic. */
  private static Figure lines(
      String name,
      String title,
      String xTitle,
      String yTitle,
      List<Map<String, Object>> rows,
      String series,
      String x,
      String figure) {
    XYChart chart = xy(title, xTitle, yTitle);
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setYAxisLogarithmic(true);
    Table.medians(rows, series, x, figure)
        .forEach(
            (line, points) -> {
              double[] places =
                  points.keySet().stream()
                      .mapToDouble(place -> ((Number) place).doubleValue())
                      .toArray();
              double[] values = points.values().stream().mapToDouble(Figures::aboveZero).toArray();
              chart.addSeries(line, places, values);
            });
    return new Figure(name, chart);
  }

  /** What a logarithmic axis can show. */
  private static double aboveZero(double value) {
    return Math.max(value, 1e-3);
  }

  private static Figure bars(
      String name,
      String title,
      String yTitle,
      boolean logarithmic,
      List<Map<String, Object>> rows,
      String series,
      String x,
      String figure) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .yAxisTitle(yTitle)
            .build();
    style(chart.getStyler());
    chart.getStyler().setAvailableSpaceFill(0.8);
    List<Object> places = new ArrayList<>(distinct(rows, x));
    Map<String, Map<Object, Double>> medians = Table.medians(rows, series, x, figure);
    if (logarithmic) {
      double least =
          medians.values().stream()
              .flatMap(points -> points.values().stream())
              .mapToDouble(Figures::aboveZero)
              .min()
              .orElse(1);
      chart.getStyler().setYAxisLogarithmic(true);
      // Bars begin at zero unless told where.
      chart.getStyler().setYAxisMin(Math.pow(10, Math.floor(Math.log10(least))));
    }
    medians.forEach(
        (line, points) -> {
          List<@Nullable Double> values = new ArrayList<>();
          for (Object place : places) {
            values.add(points.get(place));
          }
          chart.addSeries(line, places, values);
        });
    return new Figure(name, chart);
  }

  private static XYChart xy(String title, String xTitle, String yTitle) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    style(chart.getStyler());
    return chart;
  }

  private static void style(AxesChartStyler styler) {
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setSeriesColors(COLOURS);
    styler.setLegendPosition(Styler.LegendPosition.OutsideE);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    styler.setLocale(Locale.ROOT);
  }
}
