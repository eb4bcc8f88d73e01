package dev.terrarium.transformers;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The models that are loaded in this process, each of them once: a model that an application opened
 * and that a program of its names as well is the same. Thread-safe; loads one model at a time.
 */
final class LoadedModels {

  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Map<Key, Shared> LOADED = new HashMap<>();

  private record Key(ModelFile onnx, Batching batching) {}

  private static final class Shared {
    private final OnnxModel model;
    private int handles;

    Shared(OnnxModel model) {
      this.model = model;
    }
  }

  private LoadedModels() {}

  /** A hold on a loaded model, which is closed with its last handle. Thread-safe. */
  static final class Handle implements AutoCloseable {
    private final Key key;
    private final OnnxModel model;
    private boolean closed;

    private Handle(Key key, OnnxModel model) {
      this.key = key;
      this.model = model;
    }

    OnnxModel model() {
      return model;
    }

    /** Gives the model up. Closing a second time does nothing. */
    @Override
    public void close() {
      LOCK.lock();
      try {
        Shared shared = LOADED.get(key);
        if (!closed && shared != null) {
          closed = true;
          shared.handles--;
          if (shared.handles == 0) {
            LOADED.remove(key);
            shared.model.close();
          }
        }
      } finally {
        LOCK.unlock();
      }
    }
  }

  /**
   * Opens a model, which is loaded when it is not.
   *
   * @param spec as {@link ModelFiles#find} takes it
   * @throws dev.terrarium.error.ModelException when there is no such model, or it cannot be loaded
   */
  static Handle open(String spec, Batching batching) {
    ModelFiles files = ModelFiles.find(spec);
    Key key = new Key(files.onnx(), batching);
    LOCK.lock();
    try {
      Shared shared = LOADED.get(key);
      if (shared == null) {
        shared = new Shared(OnnxModel.load(files, batching));
        LOADED.put(key, shared);
      }
      shared.handles++;
      return new Handle(key, shared.model);
    } finally {
      LOCK.unlock();
    }
  }
}
