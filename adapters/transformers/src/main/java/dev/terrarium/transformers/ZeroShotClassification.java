package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.transformers.TextClassification.Input;
import dev.terrarium.transformers.TextClassification.Scores;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Gives texts labels that the caller chooses, by a model that tells whether a text entails a claim,
 * as {@code zero-shot-classification} of CPython does. Stateless.
 */
final class ZeroShotClassification {

  /** The claim of a label, as upstream has it. */
  static final String TEMPLATE = "This example is {}.";

  private ZeroShotClassification() {}

  /**
   * Returns all labels of each text, the likeliest first. A text that is too long is cut off; a
   * claim never is.
   *
   * @param candidates the labels, at least one
   * @param template the claim, with {@code {}} in the place of a label
   * @param multiple whether several labels can be right: then each has a score of its own,
   *     otherwise all scores together are 1
   * @throws ModelException when the model does not tell entailment
   */
  static List<List<Label>> labels(
      OnnxModel model,
      List<String> texts,
      List<String> candidates,
      String template,
      boolean multiple) {
    if (candidates.isEmpty()) {
      throw new ArgumentException("candidate_labels: at least one label is needed.");
    }
    if (!template.contains("{}")) {
      throw new ArgumentException(
          "hypothesis_template: '" + template + "' has no {} in the place of a label.");
    }
    int entailment = entailment(model);
    List<Input> pairs = new ArrayList<>();
    for (String text : texts) {
      for (String candidate : candidates) {
        pairs.add(new Input(text, template.replace("{}", candidate)));
      }
    }
    List<float[]> logits = TextClassification.logits(model, pairs, Truncation.ONLY_FIRST);
    List<List<Label>> labelled = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      List<float[]> own = logits.subList(i * candidates.size(), (i + 1) * candidates.size());
      double[] scores =
          multiple || candidates.size() == 1 ? each(own, entailment) : together(own, entailment);
      labelled.add(Label.ranked(scores, candidates::get));
    }
    return labelled;
  }

  /** Returns the index of the label that says that the text entails the claim. */
  private static int entailment(OnnxModel model) {
    for (Map.Entry<String, JsonNode> label : model.files().config().path("id2label").properties()) {
      if (label.getValue().asText().toLowerCase(Locale.ROOT).startsWith("entail")) {
        return Integer.parseInt(label.getKey());
      }
    }
    throw model
        .files()
        .unfit("does not tell entailment: its config.json has no label that begins with entail.");
  }

  /** Returns the score of each claim, entailment against contradiction. */
  private static double[] each(List<float[]> logits, int entailment) {
    double[] scores = new double[logits.size()];
    for (int i = 0; i < scores.length; i++) {
      float[] own = logits.get(i);
      float contradiction = own[entailment == 0 ? own.length - 1 : 0];
      scores[i] = Scores.SOFTMAX.of(new float[] {contradiction, own[entailment]})[1];
    }
    return scores;
  }

  /** Returns the scores of the claims among each other. */
  private static double[] together(List<float[]> logits, int entailment) {
    float[] entailments = new float[logits.size()];
    for (int i = 0; i < entailments.length; i++) {
      entailments[i] = logits.get(i)[entailment];
    }
    return Scores.SOFTMAX.of(entailments);
  }
}
