package dev.terrarium.transformers;

import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A label that a model gives to a text. Immutable.
 *
 * @param label the label's name in the model's configuration
 * @param score the model's certainty, 0 to 1, unless the model's numbers are taken as they are
 */
public record Label(String label, double score) {

  /** Returns a label for each score, the likeliest first. */
  static List<Label> ranked(double[] scores, IntFunction<String> nameOf) {
    return IntStream.range(0, scores.length)
        .mapToObj(i -> new Label(nameOf.apply(i), scores[i]))
        .sorted(Comparator.comparingDouble(Label::score).reversed())
        .toList();
  }
}
