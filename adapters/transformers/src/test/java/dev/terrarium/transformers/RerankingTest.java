package dev.terrarium.transformers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.terrarium.error.ModelException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The order and scores of documents beside those of CPython. */
class RerankingTest {

  @Test
  void documentsAreRankedAsByCPython() {
    try (LoadedModels.Handle handle = Expected.open("relevance")) {
      List<JsonNode> entries = Expected.of("relevance");
      String query = entries.getFirst().path("query").asText();

      List<Ranked> ranked =
          Reranking.ranked(handle.model(), new Ranking(query, Expected.texts("relevance")));

      assertThat(ranked).extracting(Ranked::index).containsExactly(0, 2, 3, 1);
      for (Ranked each : ranked) {
        JsonNode entry = entries.get(each.index());
        assertThat(each.document()).isEqualTo(entry.path("text").asText());
        assertThat(each.score()).isEqualTo(entry.path("score").asDouble(), within(1e-5));
      }
    }
  }

  @Test
  void aModelWithSeveralLabelsRanksNothing() {
    try (LoadedModels.Handle handle = Expected.open("reviews")) {
      assertThatThrownBy(() -> Reranking.ranked(handle.model(), new Ranking("a", List.of("b"))))
          .isInstanceOf(ModelException.class)
          .hasMessage("The model reviews has 2 labels; a model that ranks documents has one.");
    }
  }
}
