package dev.terrarium.transformers;

import dev.terrarium.error.ModelException;
import dev.terrarium.transformers.TextClassification.Input;
import dev.terrarium.transformers.TextClassification.Scores;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Puts documents in the order of their relevance, by a model that reads query and document
 * together, as the cross-encoders of {@code sentence-transformers} do. Stateless.
 */
final class Reranking {

  private Reranking() {}

  /**
   * Returns all documents, the most relevant first. What is too long is cut off.
   *
   * @throws ModelException when the model has more than one label
   */
  static List<Ranked> ranked(OnnxModel model, Ranking ranking) {
    List<String> documents = ranking.documents();
    List<float[]> logits =
        TextClassification.logits(
            model,
            documents.stream().map(document -> new Input(ranking.query(), document)).toList(),
            Truncation.LONGEST_FIRST);
    List<Ranked> ranked = new ArrayList<>();
    for (int i = 0; i < documents.size(); i++) {
      if (logits.get(i).length != 1) {
        throw model
            .files()
            .unfit(
                "has " + logits.get(i).length + " labels; a model that ranks documents has one.");
      }
      ranked.add(new Ranked(i, documents.get(i), Scores.SIGMOID.of(logits.get(i))[0]));
    }
    ranked.sort(Comparator.comparingDouble(Ranked::score).reversed());
    return List.copyOf(ranked);
  }
}
