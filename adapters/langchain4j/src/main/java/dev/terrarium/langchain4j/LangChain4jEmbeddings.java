package dev.terrarium.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.EmbeddingModel;
import java.util.List;
import java.util.function.Supplier;

/**
 * An embedding model that a client of LangChain4j asks. Thread-safe; a request runs on the thread
 * that makes it. The number of dimensions is asked for once, which may be a request.
 */
final class LangChain4jEmbeddings implements EmbeddingModel {

  private final String name;
  private final dev.langchain4j.model.embedding.EmbeddingModel client;
  private final Retries retries;
  private final Secrets secrets;
  private volatile int dimensions;

  /**
   * Creates a model.
   *
   * @param dimensions the number of dimensions; 0 when it is not known yet
   */
  LangChain4jEmbeddings(
      String name,
      dev.langchain4j.model.embedding.EmbeddingModel client,
      int dimensions,
      Retries retries,
      Secrets secrets) {
    this.name = name;
    this.client = client;
    this.dimensions = dimensions;
    this.retries = retries;
    this.secrets = secrets;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int dimensions() {
    if (dimensions == 0) {
      dimensions = asked(client::dimension);
    }
    return dimensions;
  }

  /**
   * Returns the vectors of texts.
   *
   * @throws ModelException when the service or its client fails, with the kind of the failure
   * @throws dev.terrarium.error.CallInterruptedException when the thread is interrupted
   */
  @Override
  public List<float[]> embed(List<String> texts) {
    List<TextSegment> segments = texts.stream().map(this::segment).toList();
    List<Embedding> embeddings = asked(() -> client.embedAll(segments).content());
    if (embeddings.size() != texts.size()) {
      throw new ModelException(
          Kind.BAD_RESPONSE,
          "The embedding model "
              + name
              + " made "
              + embeddings.size()
              + " vectors of "
              + texts.size()
              + " texts.",
          null);
    }
    List<float[]> vectors = embeddings.stream().map(Embedding::vector).toList();
    if (dimensions == 0) {
      dimensions = vectors.getFirst().length;
    }
    for (float[] vector : vectors) {
      if (vector.length != dimensions) {
        throw new ModelException(
            Kind.BAD_RESPONSE,
            "The embedding model "
                + name
                + " made a vector of "
                + vector.length
                + " dimensions instead of "
                + dimensions
                + ".",
            null);
      }
    }
    return vectors;
  }

  private TextSegment segment(String text) {
    if (text.isBlank()) {
      throw Failures.refused("The embedding model " + name + " takes no blank text.");
    }
    return TextSegment.from(text);
  }

  private <T> T asked(Supplier<T> request) {
    return retries.run(
        () -> {
          try {
            return request.get();
          } catch (RuntimeException e) {
            throw Failures.of(name, e, secrets);
          }
        },
        () -> false);
  }

  @Override
  public String toString() {
    return "LangChain4jEmbeddings[" + name + "]";
  }
}
