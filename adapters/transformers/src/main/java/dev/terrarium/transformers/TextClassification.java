package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Labels texts by a loaded model, as {@code text-classification} of CPython does. Stateless. */
final class TextClassification {

  /** What makes scores of a model's numbers. */
  enum Scores {
    SOFTMAX,
    SIGMOID,
    NONE;

    /**
     * Returns the constant of a name in any case.
     *
     * @throws ArgumentException when there is none
     */
    static Scores of(String name) {
      for (Scores each : values()) {
        if (each.name().equals(name.toUpperCase(Locale.ROOT))) {
          return each;
        }
      }
      throw new ArgumentException(
          "function_to_apply: '" + name + "' is none of softmax, sigmoid and none.");
    }

    /** Returns what the model's configuration says. */
    static Scores of(JsonNode config, int labels) {
      String problem = config.path("problem_type").asText("");
      return switch (problem) {
        case "regression" -> NONE;
        case "multi_label_classification" -> SIGMOID;
        default -> labels == 1 ? SIGMOID : SOFTMAX;
      };
    }

    double[] of(float[] logits) {
      double[] scores = new double[logits.length];
      switch (this) {
        case NONE -> {
          for (int i = 0; i < logits.length; i++) {
            scores[i] = logits[i];
          }
        }
        case SIGMOID -> {
          for (int i = 0; i < logits.length; i++) {
            scores[i] = 1 / (1 + Math.exp(-logits[i]));
          }
        }
        case SOFTMAX -> {
          double greatest = Double.NEGATIVE_INFINITY;
          for (float logit : logits) {
            greatest = Math.max(greatest, logit);
          }
          double sum = 0;
          for (int i = 0; i < logits.length; i++) {
            scores[i] = Math.exp(logits[i] - greatest);
            sum += scores[i];
          }
          for (int i = 0; i < logits.length; i++) {
            scores[i] /= sum;
          }
        }
      }
      return scores;
    }
  }

  private TextClassification() {}

  /** A text, or a pair of texts, to label. */
  record Input(String text, @Nullable String pair) {}

  /**
   * Returns the labels of each text, the likeliest first.
   *
   * @param scores what makes scores of the model's numbers; null for what the model's files say
   * @throws ModelException when the model has no labels
   */
  static List<List<Label>> labels(
      OnnxModel model, List<Input> texts, @Nullable Scores scores, Truncation truncation) {
    List<List<Label>> labelled = new ArrayList<>();
    JsonNode config = model.files().config();
    for (float[] logits : logits(model, texts, truncation)) {
      Scores function = scores == null ? Scores.of(config, logits.length) : scores;
      List<String> names = Label.names(model.files(), logits.length);
      labelled.add(Label.ranked(function.of(logits), names::get));
    }
    return labelled;
  }

  /** Returns the model's numbers for each text, one for each label. */
  static List<float[]> logits(OnnxModel model, List<Input> texts, Truncation truncation) {
    int output = model.outputs().indexOf(OnnxModel.LOGITS);
    if (output < 0) {
      throw noLabels(model);
    }
    List<Tokens> tokens =
        texts.stream()
            .map(each -> model.tokens(each.text(), each.pair(), Integer.MAX_VALUE, truncation))
            .toList();
    List<float[]> logits =
        model.compute(tokens).stream().map(values -> values.get(output)).toList();
    int labels = model.width(OnnxModel.LOGITS);
    for (float[] each : logits) {
      if (labels > 0 && each.length != labels) {
        throw noLabels(model);
      }
    }
    return logits;
  }

  private static ModelException noLabels(OnnxModel model) {
    return model
        .files()
        .unfit(
            "gives no labels to texts: it has the outputs "
                + model.outputs()
                + ", and needs logits of one number for each label.");
  }
}
