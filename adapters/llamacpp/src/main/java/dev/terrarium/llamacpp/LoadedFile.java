package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/** A file that llama.cpp has loaded, as a whole or its vocabulary alone. Thread-safe. */
final class LoadedFile {

  private final String name;
  private final MemorySegment model;
  private final Vocabulary vocabulary;

  /** Held for reading by those who use the vocabulary, for writing by the one who frees it. */
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
   * @param name what the model is called in messages
   * @param vocabularyOnly whether to leave the weights where they are
   * @throws ModelException when it is missing, damaged, of another kind, or cannot be run here
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

  /** For those who see to it by themselves that it is not freed meanwhile. */
  MemorySegment model() {
    return model;
  }

  /** As {@link #model}. */
  Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * What the work makes of the vocabulary, which is there until it has ended.
   *
   * @throws ModelException when it was freed
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

  /** Gives the memory back. Twice is once. */
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
