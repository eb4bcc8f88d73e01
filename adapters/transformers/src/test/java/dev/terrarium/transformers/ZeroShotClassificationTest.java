package dev.terrarium.transformers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Labels and scores beside those of upstream's own post-processing. */
class ZeroShotClassificationTest {

  private static final String CLAIM = "this is {}";

  @Test
  void labelsAndScoresAreThoseOfCPython() {
    try (LoadedModels.Handle handle = Expected.open("entailments")) {
      for (JsonNode entry : Expected.of("entailments")) {
        List<String> candidates = new ArrayList<>();
        entry.path("candidates").forEach(each -> candidates.add(each.asText()));
        List<Label> labels =
            ZeroShotClassification.labels(
                    handle.model(),
                    List.of(entry.path("text").asText()),
                    candidates,
                    CLAIM,
                    entry.path("multi_label").asBoolean())
                .getFirst();
        assertThat(labels).hasSameSizeAs(candidates);
        for (int i = 0; i < labels.size(); i++) {
          JsonNode expected = entry.path("result");
          assertThat(labels.get(i).label())
              .as(entry.toString())
              .isEqualTo(expected.path("labels").path(i).asText());
          assertThat(labels.get(i).score())
              .isEqualTo(expected.path("scores").path(i).asDouble(), within(1e-5));
        }
      }
    }
  }

  @Test
  void whatCannotBeLabelledIsRefused() {
    try (LoadedModels.Handle reviews = Expected.open("reviews");
        LoadedModels.Handle entailments = Expected.open("entailments")) {
      List<String> texts = List.of("a day");
      assertThatThrownBy(
              () ->
                  ZeroShotClassification.labels(
                      reviews.model(), texts, List.of("good"), CLAIM, false))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("The model reviews does not tell entailment");
      assertThatThrownBy(
              () ->
                  ZeroShotClassification.labels(
                      entailments.model(), texts, List.of(), CLAIM, false))
          .isInstanceOf(ArgumentException.class)
          .hasMessage("candidate_labels: at least one label is needed.");
      assertThatThrownBy(
              () ->
                  ZeroShotClassification.labels(
                      entailments.model(), texts, List.of("good"), "this", false))
          .isInstanceOf(ArgumentException.class)
          .hasMessage("hypothesis_template: 'this' has no {} in the place of a label.");
    }
  }
}
