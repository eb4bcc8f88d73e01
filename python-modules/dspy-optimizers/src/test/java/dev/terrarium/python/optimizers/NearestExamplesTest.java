package dev.terrarium.python.optimizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.Example;
import dev.terrarium.dspy.NearestExamples;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.model.EmbeddingModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code dspy.nearest} where numpy is; the class has a guide's code, too. */
@Tag("graalpy")
class NearestExamplesTest {

  record Text(String text) {}

  enum Mood {
    HAPPY,
    ANGRY
  }

  /** Makes vectors of how often each letter occurs. */
  private static final class Letters implements EmbeddingModel {
    @Override
    public String name() {
      return "letters";
    }

    @Override
    public int dimensions() {
      return 26;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
      List<float[]> vectors = new ArrayList<>();
      for (String text : texts) {
        float[] vector = new float[26];
        text.toLowerCase(Locale.ROOT)
            .chars()
            .filter(letter -> letter >= 'a' && letter <= 'z')
            .forEach(letter -> vector[letter - 'a']++);
        vectors.add(vector);
      }
      return vectors;
    }
  }

  @Test
  void nearestComeFirst() {
    List<Example<Text, Mood>> examples =
        List.of(
            new Example<>(new Text("I hate the rain"), Mood.ANGRY),
            new Example<>(new Text("We won the game"), Mood.HAPPY),
            new Example<>(new Text("They lost my letter"), Mood.ANGRY));
    try (Terrarium terrarium =
        Terrarium.start(
            TerrariumConfig.custom().contexts(1).embeddingModel(new Letters()).build())) {
      Dspy dspy = terrarium.adapter(Dspy.class);
      // guide: javaNearest
      NearestExamples<Text, Example<Text, Mood>> search = dspy.nearest(1, examples, Example::input);
      List<Example<Text, Mood>> nearest = search.call(new Text("We won a game"));
      // end
      assertThat(nearest).containsExactly(examples.get(1));

      assertThat(dspy.nearest(3, examples, Example::input).call(new Text("We won a game")))
          .hasSize(3)
          .startsWith(examples.get(1));
      NearestExamples<Text, Example<Text, Mood>> tooMany =
          dspy.nearest(4, examples, Example::input);
      assertThatThrownBy(() -> tooMany.call(new Text("We won a game")))
          .isInstanceOf(ArgumentException.class)
          .hasMessageContaining("4");
    }
  }
}
