package dev.terrarium.dspy;

import dev.terrarium.MessageFormat;
import dev.terrarium.error.TerrariumException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The scores of a program on examples. Immutable if inputs and outputs are.
 *
 * @param score in percent, rounded to two digits as DSPy does: the mean of the rows that were
 *     reached
 * @param ended what ended the evaluation
 * @param rows one for each example, in order
 */
public record Evaluation<I, O>(double score, End ended, List<Row<I, O>> rows) {

  /**
   * What ended an evaluation; after any other than {@code FINISHED} it has rows without a score.
   */
  public enum End {
    FINISHED,
    /** As many examples failed as may. */
    MAX_ERRORS,
    DEADLINE,
    /** The calling thread was interrupted, and still is. */
    INTERRUPTED
  }

  /**
   * An example with what the program made of it; all is empty when the evaluation ended before.
   *
   * @param output empty when the program failed
   * @param score empty when the example was not reached; a failure has the options' failure score
   */
  public record Row<I, O>(
      Example<I, O> example,
      Optional<O> output,
      Optional<Score> score,
      Optional<TerrariumException> failure) {}

  public Evaluation {
    rows = List.copyOf(rows);
  }

  /** Returns the percentage of a number of scores as DSPy computes it. */
  static double percent(double sum, int count) {
    return count == 0
        ? 0
        : new BigDecimal(100 * sum / count).setScale(2, RoundingMode.HALF_EVEN).doubleValue();
  }

  /** Returns the rows whose example failed. */
  public List<Row<I, O>> failures() {
    return rows.stream().filter(row -> row.failure().isPresent()).toList();
  }

  /**
   * Returns the rows as CSV (RFC 4180) with a header, lines ending in CRLF. Columns are named as
   * DSPy names them: inputs by their names, a field of example and output as {@code example_NAME}
   * and {@code pred_NAME}, and then {@code score}, {@code feedback} and {@code error}. A value that
   * is no text or number is JSON.
   */
  public String toCsv() {
    List<Map<String, @Nullable Object>> table = table();
    Set<String> columns = new LinkedHashSet<>();
    table.forEach(row -> columns.addAll(row.keySet()));
    return Csv.write(columns, table);
  }

  /** Returns {@code {"score", "ended", "rows": [...]}} as JSON, rows as in {@link #toCsv}. */
  public String toJson() {
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put("score", score);
    all.put("ended", ended.name());
    all.put("rows", table());
    return new String(MessageFormat.JSON.write(all), StandardCharsets.UTF_8);
  }

  private List<Map<String, @Nullable Object>> table() {
    Set<String> found = new TreeSet<>();
    rows.forEach(row -> row.output().ifPresent(o -> found.addAll(PlainData.fields(o).keySet())));
    List<Map<String, @Nullable Object>> table = new ArrayList<>();
    for (Row<I, O> row : rows) {
      Map<String, @Nullable Object> line = new LinkedHashMap<>();
      line.putAll(PlainData.fields(row.example().input()));
      PlainData.fields(row.example().expected())
          .forEach((name, value) -> line.put(name("example", name, found), value));
      Map<String, @Nullable Object> expected = PlainData.fields(row.example().expected());
      row.output()
          .ifPresent(
              output ->
                  PlainData.fields(output)
                      .forEach(
                          (name, value) -> line.put(name("pred", name, expected.keySet()), value)));
      line.put("score", row.score().map(Score::value).orElse(null));
      line.put("feedback", row.score().flatMap(Score::feedback).orElse(null));
      line.put("error", row.failure().map(Throwable::getMessage).orElse(null));
      table.add(line);
    }
    return table;
  }

  private static String name(String prefix, String name, Set<String> other) {
    return other.contains(name) ? prefix + "_" + name : name;
  }
}
