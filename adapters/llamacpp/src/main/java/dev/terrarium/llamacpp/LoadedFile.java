package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * A model file that llama.cpp has loaded, with its weights or with its vocabulary alone.
 * Thread-safe.
 */
final class LoadedFile {

  private final String name;
  private final MemorySegment model;
  private final Vocabulary vocabulary;

  /**
   * The lock on the file: a thread that uses the vocabulary holds it for reading, the thread that
   * frees the file for writing.
   */
  private final ReadWriteLock use = new ReentrantReadWriteLock();

  private boolean freed;

  private LoadedFile(String name, MemorySegment model) {
    this.name = name;
    this.model = model;
    this.vocabulary = new Vocabulary(Llama.modelVocab(model));
  }

  /**
   * Loads a file.
   *
   * @param name the model's name in messages
   * @param vocabularyOnly whether to leave the weights unloaded
   * @throws ModelException when the file is missing, damaged, of another kind, or cannot be run
   *     here
   */
  static LoadedFile load(String name, Path file, boolean vocabularyOnly) {
    GgufHeader header = GgufHeader.read(file);
    LlamaLibrary.open();
    Llama.takeErrors();
    MemorySegment model = Llama.modelLoad(file.toString(), vocabularyOnly);
    if (model.equals(MemorySegment.NULL)) {
      throw new ModelException(
          "llama.cpp cannot load "
              + file
              + " (architecture "
              + header.architecture()
              + "): "
              + Llama.takeErrors());
    }
    return new LoadedFile(name, model);
  }

  /**
   * Returns the model, for callers that ensure by themselves that it is not freed while they use
   * it.
   */
  MemorySegment model() {
    return model;
  }

  /** Returns the vocabulary, under the same condition as {@link #model}. */
  Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Returns the result of work on the vocabulary, which is not freed before the work has ended.
   *
   * @throws ModelException when the file was freed
   */
  <T> T using(Function<Vocabulary, T> work) {
    use.readLock().lock();
    try {
      if (freed) {
        throw closed(name);
      }
      return work.apply(vocabulary);
    } finally {
      use.readLock().unlock();
    }
  }

  static ModelException closed(String name) {
    return new ModelException("The language model " + name + " is closed.");
  }

  /** Frees the memory. Freeing a second time does nothing. */
  void free() {
    use.writeLock().lock();
    try {
      if (!freed) {
        freed = true;
        Llama.modelFree(model);
      }
    } finally {
      use.writeLock().unlock();
    }
  }
}
