package dev.terrarium.transformers;

import dev.terrarium.Adapter;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Transformer models in ONNX files, by {@code terrarium.adapter(Transformers.class)}. Thread-safe.
 *
 * <p>A model is named by its folder, which has {@code model.onnx} or {@code onnx/model.onnx},
 * {@code tokenizer.json} and {@code config.json}; by another ONNX file in such a folder; or as
 * {@code all-MiniLM-L6-v2}, which an artifact on the class path carries. A model is loaded when it
 * is first used, once for Java and for the Python package {@code transformers} in all contexts.
 */
public final class Transformers {

  private final Adapter adapter;

  Transformers(Adapter adapter) {
    this.adapter = adapter;
  }

  /**
   * Returns a pipeline that makes the vectors of texts, as the library {@code
   * sentence-transformers} makes them; a text that is too long is cut off.
   *
   * @param model the model's folder, or its name
   */
  public Pipeline<List<String>, List<float[]>> embedding(String model) {
    return new Pipeline<>(
        adapter,
        TransformersFunctions.EMBED,
        Objects.requireNonNull(model, "model"),
        texts -> Map.of("texts", texts),
        Transformers::vectors);
  }

  /**
   * Returns a pipeline that gives labels to a text, all of the model's, the likeliest first. A text
   * that is too long is refused.
   *
   * @param model the model's folder
   */
  public Pipeline<String, List<Label>> textClassification(String model) {
    return new Pipeline<>(
        adapter,
        TransformersFunctions.CLASSIFY,
        Objects.requireNonNull(model, "model"),
        text -> Map.of("texts", List.of(text)),
        Transformers::labels);
  }

  @SuppressWarnings("unchecked") // as the function returns it
  private static List<float[]> vectors(Object result) {
    return (List<float[]>) result;
  }

  @SuppressWarnings("unchecked") // as the function returns it
  private static List<Label> labels(Object result) {
    return ((List<List<Label>>) result).getFirst();
  }
}
