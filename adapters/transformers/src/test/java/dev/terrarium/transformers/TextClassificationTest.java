package dev.terrarium.transformers;

import static dev.terrarium.transformers.Expected.MODELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.transformers.TextClassification.Input;
import dev.terrarium.transformers.TextClassification.Scores;
import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Labels and scores beside those of upstream's own post-processing. */
class TextClassificationTest {

  @Test
  void labelsAndScoresAreThoseOfCPython() {
    try (LoadedModels.Handle handle = Expected.open("reviews")) {
      for (JsonNode entry : Expected.of("reviews")) {
        JsonNode function = entry.path("function_to_apply");
        List<Label> labels =
            TextClassification.labels(
                    handle.model(),
                    List.of(new Input(entry.path("text").asText(), null)),
                    function.isNull() ? null : Scores.of(function.asText()),
                    Truncation.NONE)
                .getFirst();
        assertThat(labels).hasSize(2);
        for (int i = 0; i < labels.size(); i++) {
          JsonNode expected = entry.path("result").path(i);
          assertThat(labels.get(i).label()).isEqualTo(expected.path("label").asText());
          assertThat(labels.get(i).score())
              .isEqualTo(expected.path("score").asDouble(), within(1e-5));
        }
      }
    }
  }

  @Test
  void aModelWithoutLabelsIsRefused() {
    try (LoadedModels.Handle handle = Expected.open("sentences")) {
      assertThatThrownBy(
              () ->
                  TextClassification.labels(
                      handle.model(), List.of(new Input("a", null)), null, Truncation.NONE))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "The model sentences gives no labels to texts: it has the outputs"
                  + " [last_hidden_state], and needs logits of one number for each label.");
    }
  }

  @Test
  void aModelOfLabelsMakesNoVectors() {
    assertThatThrownBy(() -> SentenceModel.open(MODELS.resolve("reviews")))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("The model reviews makes no vectors of tokens");
  }

  @Test
  void aFunctionThatDoesNotExistIsRefused() {
    assertThatThrownBy(() -> Scores.of("relu"))
        .isInstanceOf(ArgumentException.class)
        .hasMessage("function_to_apply: 'relu' is none of softmax, sigmoid and none.");
  }
}
