package dev.terrarium.spi;

import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.config.ConfigCheck;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * A cache of loaded models of any kind, shared by all contexts and frameworks of a Terrarium:
 * language models, ONNX sessions and other objects that take long to load and much memory.
 * Thread-safe.
 *
 * <pre>{@code
 * try (ModelCache.Use<Session> use =
 *     cache.acquire("onnx", path, () -> Session.open(path), Session::bytes)) {
 *   use.model().run(input);
 * }
 * }</pre>
 *
 * <p>A model is loaded once for all concurrent callers, on a thread of its own. A load that fails
 * throws to all callers that wait for it, and the next caller loads the model again. Models are
 * limited in number and bytes: all models together, by type ({@link #limit}) and by framework
 * ({@link ResourceLimits}). When there is no room for a model, the least recently used model that
 * is not in use is evicted and closed; <b>a model in use is never closed</b>, so {@link #acquire}
 * throws a {@link LimitExceededException} when all of them are in use. A model is charged to each
 * framework whose calls use it, with its full size. A framework at its limit gives up its own least
 * recently used model, which leaves the memory only if no other framework has it.
 */
public interface ModelCache {

  /**
   * Acquires a model, which is loaded now if it is not in the cache. The model stays open at least
   * until the use is closed.
   *
   * @param type the type of the model, such as {@code onnx}; all models of a type have one Java
   *     class
   * @param model the model among those of its type, such as a path
   * @param loader loads the model, on another thread and without any lock; it may take as long as
   *     it needs
   * @param weigher returns the bytes that a loaded model takes; 0 for not known
   * @throws LimitExceededException when there is no room, because all models are in use
   * @throws ModelException when the cache is closed
   * @throws CallInterruptedException when interrupted while waiting; the load goes on
   * @throws RuntimeException what the loader threw
   */
  <M extends AutoCloseable> Use<M> acquire(
      String type, String model, Supplier<? extends M> loader, ToLongFunction<? super M> weigher);

  /**
   * Sets the limits of the models of one type, in addition to the limits of all models; for the
   * adapter that owns the type. The limits of number and size apply from the next load on, the
   * expiry times at once.
   */
  void limit(String type, Limits typeLimit);

  /**
   * Evicts and closes a model that is not in use.
   *
   * @return false when the model is not in the cache, or is in use
   */
  boolean evict(String type, String model);

  /** Returns the cache's figures at this moment. */
  Stats.LoadedModels stats();

  /**
   * A caller's hold on a loaded model, which stays open until the use is closed. Thread-safe.
   *
   * @param <M> the model's class
   */
  interface Use<M extends AutoCloseable> extends AutoCloseable {

    /**
     * Returns the model, which the caller must not close, nor use after this use was closed.
     *
     * @throws IllegalStateException when this use was closed
     */
    M model();

    /** Ends the use. Closing a second time does nothing. */
    @Override
    void close();
  }

  /**
   * The limits of a {@link ModelCache}, or of one type of model in it. Immutable.
   *
   * @param models maximum number of loaded models, at least 1, default 16
   * @param bytes maximum size of all loaded models together, above zero, default 8 GB
   * @param expireAfterLoad age, counted from its load, at which a model that is not in use is
   *     evicted; zero, the default, for never
   * @param expireAfterUse time after the end of its last use at which a model is evicted; zero, the
   *     default, for never
   */
  public record Limits(int models, long bytes, Duration expireAfterLoad, Duration expireAfterUse) {

    public Limits {
      ConfigCheck.aboveZero("modelCache.models", models);
      ConfigCheck.aboveZero("modelCache.bytes", bytes);
      ConfigCheck.notBelowZero("modelCache.expireAfterLoad", expireAfterLoad);
      ConfigCheck.notBelowZero("modelCache.expireAfterUse", expireAfterUse);
    }

    public static Limits ofDefaults() {
      return custom().build();
    }

    public static Builder custom() {
      return new Builder();
    }

    /** Returns a builder that starts with the values of other limits. */
    public static Builder from(Limits other) {
      Builder builder = custom();
      builder.models = other.models;
      builder.bytes = other.bytes;
      builder.expireAfterLoad = other.expireAfterLoad;
      builder.expireAfterUse = other.expireAfterUse;
      return builder;
    }

    /** A builder of limits. Not thread-safe. */
    public static final class Builder {
      private int models = 16;
      private long bytes = 8L << 30;
      private Duration expireAfterLoad = Duration.ZERO;
      private Duration expireAfterUse = Duration.ZERO;

      private Builder() {}

      public Builder models(int count) {
        ConfigCheck.aboveZero("modelCache.models", count);
        models = count;
        return this;
      }

      public Builder bytes(long size) {
        ConfigCheck.aboveZero("modelCache.bytes", size);
        bytes = size;
        return this;
      }

      public Builder expireAfterLoad(Duration time) {
        ConfigCheck.notBelowZero("modelCache.expireAfterLoad", time);
        expireAfterLoad = time;
        return this;
      }

      public Builder expireAfterUse(Duration time) {
        ConfigCheck.notBelowZero("modelCache.expireAfterUse", time);
        expireAfterUse = time;
        return this;
      }

      public Limits build() {
        return new Limits(models, bytes, expireAfterLoad, expireAfterUse);
      }
    }
  }
}
