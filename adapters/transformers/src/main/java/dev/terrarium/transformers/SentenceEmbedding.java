package dev.terrarium.transformers;

import dev.terrarium.transformers.TextTokenizer.Truncation;
import java.util.List;

/** Makes the vectors of sentences by a loaded model. Stateless. */
final class SentenceEmbedding {

  /** The outputs of exports that pool and normalize by themselves. */
  private static final String OWN = "sentence_embedding";

  private SentenceEmbedding() {}

  /** Returns the index of the output with the vectors of tokens. */
  static int tokenVectors(OnnxModel model) {
    for (String name : List.of("last_hidden_state", "token_embeddings", "hidden_states")) {
      int index = model.outputs().indexOf(name);
      if (index >= 0) {
        return index;
      }
    }
    throw model
        .files()
        .unfit(
            "makes no vectors of tokens: it has the outputs "
                + model.outputs()
                + ", and none of them is last_hidden_state.");
  }

  /** Returns the vectors of texts; a text that is too long is cut off as the model's files say. */
  static List<float[]> vectors(OnnxModel model, List<String> texts) {
    SentenceConfig config = model.files().sentences();
    List<Tokens> tokens =
        texts.stream()
            .map(text -> model.tokens(text, null, config.mostTokens(), Truncation.LONGEST_FIRST))
            .toList();
    int own = model.outputs().indexOf(OWN);
    int byToken = own >= 0 ? own : tokenVectors(model);
    List<List<float[]>> outputs = model.compute(tokens);
    if (own >= 0) {
      return outputs.stream().map(values -> values.get(own)).toList();
    }
    float[][] vectors = new float[texts.size()][];
    for (int i = 0; i < vectors.length; i++) {
      float[] values = outputs.get(i).get(byToken);
      vectors[i] = config.vector(values, values.length / tokens.get(i).length());
    }
    return List.of(vectors);
  }

  /** Returns the number of dimensions of a vector. */
  static int dimensions(OnnxModel model) {
    int own = model.outputs().indexOf(OWN);
    int known = model.width(model.outputs().get(own >= 0 ? own : tokenVectors(model)));
    return known > 0 ? known : vectors(model, List.of("a")).getFirst().length;
  }
}
