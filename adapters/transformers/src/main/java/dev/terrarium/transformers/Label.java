package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ModelException;
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

  /**
   * Returns the names of a model's labels, which are {@code LABEL_0} and so on when its
   * configuration names none.
   *
   * @param count how many numbers the model has, one for each label
   * @throws ModelException when the configuration names some of them, and not all
   */
  static List<String> names(ModelFiles files, int count) {
    JsonNode names = files.config().path("id2label");
    return IntStream.range(0, count)
        .mapToObj(
            index -> {
              JsonNode name = names.path(String.valueOf(index));
              if (name.isMissingNode() && !names.isEmpty()) {
                throw files.unfit(
                    "has %s labels, and id2label of its config.json names %s, without the number %s."
                        .formatted(count, names.size(), index));
              }
              return name.asText("LABEL_" + index);
            })
        .toList();
  }
}
