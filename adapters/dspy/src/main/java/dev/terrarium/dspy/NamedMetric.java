package dev.terrarium.dspy;

import dev.terrarium.error.ArgumentException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleBiFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A built-in metric, by the rules of {@code dspy.evaluate.metrics}. Immutable. */
record NamedMetric<I, O>(Name name) implements Metric<I, O> {

  /** A comparison of an output with what is expected of it. */
  enum Name {
    EXACT_MATCH((text, expected) -> text.equals(expected) ? 1 : 0),
    F1(NamedMetric::f1),
    CONTAINS((text, expected) -> text.contains(expected) ? 1 : 0);

    @SuppressWarnings("ImmutableEnumChecker") // a function without a state
    private final ToDoubleBiFunction<String, String> comparison;

    Name(ToDoubleBiFunction<String, String> comparison) {
      this.comparison = comparison;
    }

    static Name of(String text) {
      for (Name name : values()) {
        if (name.toString().equals(text)) {
          return name;
        }
      }
      throw new ArgumentException(
          "metric: there is no metric '"
              + text
              + "'. Metrics: "
              + Arrays.stream(values()).map(Name::toString).collect(Collectors.joining(", "))
              + ", "
              + PythonMetric.PREFIX
              + "FILE.py:FUNCTION");
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");
  private static final Pattern ARTICLES =
      Pattern.compile("\\b(a|an|the)\\b", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern BLANKS = Pattern.compile("[\\s\\x1c-\\x1f\\x85\\p{Z}]+");

  @Override
  public Score score(Example<I, O> example, O output, Optional<MetricTrace> trace) {
    Map<String, @Nullable Object> expected = PlainData.fields(example.expected());
    Map<String, @Nullable Object> found = PlainData.fields(output);
    if (expected.isEmpty()) {
      throw new ArgumentException("metric " + name + ": the example expects no output");
    }
    double sum = 0;
    double least = 1;
    for (Map.Entry<String, @Nullable Object> field : expected.entrySet()) {
      double score = compare(found.get(field.getKey()), field.getValue());
      sum += score;
      least = Math.min(least, score);
    }
    return Score.of(name == Name.F1 ? sum / expected.size() : least);
  }

  private double compare(@Nullable Object found, @Nullable Object expected) {
    if (!(found instanceof String text)) {
      return Objects.equals(found, expected) ? 1 : 0;
    }
    String words = normalized(text);
    double best = 0;
    for (Object each : expected instanceof List<?> list ? list : Arrays.asList(expected)) {
      if (each instanceof String reference) {
        best = Math.max(best, name.comparison.applyAsDouble(words, normalized(reference)));
      }
    }
    return best;
  }

  /** Returns what {@code dspy.evaluate.metrics.normalize_text} returns. */
  static String normalized(String text) {
    String lower = Normalizer.normalize(text, Normalizer.Form.NFD).toLowerCase(Locale.ROOT);
    String bare = PUNCTUATION.matcher(lower).replaceAll("");
    return BLANKS.matcher(ARTICLES.matcher(bare).replaceAll(" ")).replaceAll(" ").strip();
  }

  private static double f1(String text, String expected) {
    List<String> found = words(text);
    List<String> reference = words(expected);
    Map<String, Integer> left = new HashMap<>();
    reference.forEach(word -> left.merge(word, 1, Integer::sum));
    int common = 0;
    for (String word : found) {
      if (left.merge(word, -1, Integer::sum) >= 0) {
        common++;
      }
    }
    return common == 0 ? 0 : 2.0 * common / (found.size() + reference.size());
  }

  private static List<String> words(String normalized) {
    List<String> words = new ArrayList<>(Arrays.asList(normalized.split(" ", -1)));
    words.remove("");
    return words;
  }

  @Override
  public String toString() {
    return name.toString();
  }
}
