package dev.terrarium.model;

import java.util.List;

/**
 * Turns texts into vectors. Implementations are thread-safe: one model serves all contexts and all
 * frameworks at once, on threads that carry no call.
 */
public interface EmbeddingModel {

  /** What it is called, such as {@code all-minilm-l6-v2}. */
  String name();

  /** Numbers of each vector, at least 1. */
  int dimensions();

  /**
   * Blocks until all are there.
   *
   * @param texts at least one
   * @return one vector of {@link #dimensions} numbers for each text, in their order
   * @throws dev.terrarium.error.ModelException when the model fails
   */
  List<float[]> embed(List<String> texts);
}
