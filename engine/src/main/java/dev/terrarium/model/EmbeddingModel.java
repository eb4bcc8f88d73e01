package dev.terrarium.model;

import java.util.List;

/**
 * A model that turns texts into vectors. Implementations are thread-safe: one model serves all
 * contexts and all frameworks at once, on threads that carry no call.
 */
public interface EmbeddingModel {

  /** Returns the model's name, such as {@code all-minilm-l6-v2}. */
  String name();

  /** Returns the number of dimensions of each vector, at least 1. */
  int dimensions();

  /**
   * Returns the vectors of texts; blocks until all of them are made.
   *
   * @param texts at least one
   * @return one vector of {@link #dimensions} numbers for each text, in their order
   * @throws dev.terrarium.error.ModelException when the model fails
   */
  List<float[]> embed(List<String> texts);
}
