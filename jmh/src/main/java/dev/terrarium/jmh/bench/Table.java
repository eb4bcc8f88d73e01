package dev.terrarium.jmh.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Rows of all runs as a table: what was measured, and of each figure the median, with the least and
 * the most where there are several. Immutable.
 */
record Table(List<String> columns, List<List<String>> lines) {

  /** Columns that say what was measured; all others are figures of it. */
  private static final Set<String> KEYS =
      Set.of(
          "peer",
          "payload",
          "callers",
          "workload",
          "variant",
          "calls",
          "goal",
          "phase",
          "workers",
          "contexts",
          "benchmark",
          "parameters",
          "threads",
          "unit");

  private static final String RUN = "run";

  static Table of(List<Map<String, Object>> rows) {
    Set<String> names = new LinkedHashSet<>();
    rows.forEach(row -> names.addAll(row.keySet()));
    List<String> keys = names.stream().filter(KEYS::contains).toList();
    List<String> figures =
        names.stream().filter(name -> !KEYS.contains(name) && !name.equals(RUN)).toList();
    Map<List<String>, List<Map<String, Object>>> groups = new LinkedHashMap<>();
    for (Map<String, Object> row : rows) {
      List<String> key = keys.stream().map(name -> text(row.get(name))).toList();
      groups.computeIfAbsent(key, unseen -> new ArrayList<>()).add(row);
    }
    List<List<String>> lines = new ArrayList<>();
    groups.forEach(
        (key, group) -> {
          List<String> line = new ArrayList<>(key);
          figures.forEach(figure -> line.add(spread(group, figure)));
          lines.add(line);
        });
    List<String> columns = new ArrayList<>(keys);
    columns.addAll(figures);
    return new Table(columns, lines);
  }

  private static String text(@Nullable Object value) {
    return value == null
        ? ""
        : value instanceof Double number ? number(number) : String.valueOf(value);
  }

  private static String spread(List<Map<String, Object>> rows, String figure) {
    double[] sorted = values(rows, figure);
    if (sorted.length == 0) {
      return rows.stream()
          .map(row -> text(row.get(figure)))
          .distinct()
          .collect(Collectors.joining(", "));
    }
    String median = number(median(sorted));
    return sorted.length == 1
        ? median
        : median + " (" + number(sorted[0]) + " to " + number(sorted[sorted.length - 1]) + ")";
  }

  private static double[] values(List<Map<String, Object>> rows, String figure) {
    return rows.stream()
        .map(row -> row.get(figure))
        .filter(Number.class::isInstance)
        .mapToDouble(value -> ((Number) value).doubleValue())
        .sorted()
        .toArray();
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  static String number(double value) {
    double size = Math.abs(value);
    return value == Math.rint(value) || size >= 1_000
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 1 ? "%.2f" : "%.3g", value);
  }

  /** Of each series, by the place on the x axis, the median of the figure. */
  static Map<String, Map<Object, Double>> medians(
      List<Map<String, Object>> rows, String series, String x, String figure) {
    Map<String, Map<Object, double[]>> values = new LinkedHashMap<>();
    for (Map<String, Object> row : rows) {
      if (row.get(figure) instanceof Number number && row.get(x) != null) {
        values
            .computeIfAbsent(text(row.get(series)), unseen -> new TreeMap<>(Table::compare))
            .merge(
                Objects.requireNonNull(row.get(x)),
                new double[] {number.doubleValue()},
                Table::joined);
      }
    }
    Map<String, Map<Object, Double>> medians = new LinkedHashMap<>();
    values.forEach(
        (name, places) -> {
          Map<Object, Double> line = new LinkedHashMap<>();
          places.forEach((place, several) -> line.put(place, median(several)));
          medians.put(name, line);
        });
    return medians;
  }

  /** Numbers by value, all else by text. */
  private static int compare(Object one, Object other) {
    return one instanceof Number number && other instanceof Number another
        ? Double.compare(number.doubleValue(), another.doubleValue())
        : one.toString().compareTo(other.toString());
  }

  private static double[] joined(double[] some, double[] more) {
    double[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    Arrays.sort(all);
    return all;
  }
}
