package dev.terrarium.transformers;

import dev.terrarium.transformers.EntityGroups.Span;
import dev.terrarium.transformers.TextClassification.Scores;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Finds the entities of texts by a loaded model, as {@code TokenClassificationPipeline} of {@code
 * transformers} 5.24.0 does. Stateless.
 */
final class TokenClassification {

  /** The label of what is no entity. */
  static final String OUTSIDE = "O";

  private static final Comparator<Span> LONGER =
      Comparator.comparingInt((Span span) -> span.end() - span.start())
          .thenComparingDouble(Span::score);

  private TokenClassification() {}

  /**
   * How entities are found.
   *
   * @param strategy how tokens are grouped
   * @param stride the number of tokens that a part of a long text shares with the next one; empty
   *     when a text that is too long is cut off
   * @param ignored the labels, of tokens or groups, that are left out
   */
  record Options(AggregationStrategy strategy, OptionalInt stride, Set<String> ignored) {}

  /**
   * Returns the entities of each text in their order, with places in code points.
   *
   * @throws dev.terrarium.error.ModelException when the model has no labels for tokens
   * @throws dev.terrarium.error.ArgumentException when the parts of a text would not advance
   */
  static List<List<Span>> spans(OnnxModel model, List<String> texts, Options options) {
    int output = model.byToken(OnnxModel.LOGITS, "gives no labels to tokens");
    List<List<Tokens>> windows =
        texts.stream().map(text -> windows(model, text, options.stride())).toList();
    List<List<float[]>> outputs = model.compute(windows.stream().flatMap(List::stream).toList());
    List<List<Span>> found = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < texts.size(); i++) {
      CodePoints text = new CodePoints(texts.get(i));
      List<Span> spans = new ArrayList<>();
      for (Tokens window : windows.get(i)) {
        List<double[]> scores = scores(outputs.get(next++).get(output), window.length());
        List<String> labels = Label.names(model.files(), scores.getFirst().length);
        for (Span span :
            new EntityGroups(model.tokenizer(), labels, options.strategy())
                .of(text, window, scores)) {
          if (!options.ignored().contains(span.label())) {
            spans.add(span);
          }
        }
      }
      found.add(windows.get(i).size() > 1 ? withoutOverlaps(spans) : List.copyOf(spans));
    }
    return found;
  }

  private static List<Tokens> windows(OnnxModel model, String text, OptionalInt stride) {
    return stride.isPresent()
        ? model.windows(text, null, Integer.MAX_VALUE, stride.getAsInt())
        : List.of(model.tokens(text, null, Integer.MAX_VALUE, Truncation.LONGEST_FIRST));
  }

  /** Returns the scores of all labels, for each token. */
  private static List<double[]> scores(float[] logits, int tokens) {
    int labels = logits.length / tokens;
    List<double[]> scores = new ArrayList<>(tokens);
    for (int i = 0; i < tokens; i++) {
      scores.add(Scores.SOFTMAX.of(Arrays.copyOfRange(logits, i * labels, (i + 1) * labels)));
    }
    return scores;
  }

  /** Keeps the longer one of entities that overlap; of equal lengths the more certain one. */
  private static List<Span> withoutOverlaps(List<Span> spans) {
    List<Span> sorted = new ArrayList<>(spans);
    sorted.sort(Comparator.comparingInt(Span::start));
    List<Span> kept = new ArrayList<>();
    for (Span span : sorted) {
      Span last = kept.isEmpty() ? null : kept.getLast();
      if (last == null || span.start() >= last.end()) {
        kept.add(span);
      } else if (LONGER.compare(span, last) > 0) {
        kept.set(kept.size() - 1, span);
      }
    }
    return kept;
  }
}
