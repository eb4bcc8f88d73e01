package dev.terrarium.spi;

import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Loaded models of any kind, one for all contexts and frameworks of a Terrarium: language models,
 * ONNX sessions, whatever takes long to load and much memory. Thread-safe.
 *
 * <pre>{@code
 * try (ModelCache.Use<Session> use =
 *     cache.acquire("onnx", path, () -> Session.open(path), Session::bytes)) {
 *   use.model().run(input);
 * }
 * }</pre>
 *
 * <p>A model is loaded once for all who ask at once, on a thread of its own; a load that fails is
 * told to all who wait and tried again by the next. Models are limited in number and bytes: all
 * together, by type ({@link #limit}) and by framework ({@link ResourceLimits}). Where there is no
 * room, the least recently used one that nobody uses is dropped and closed; <b>a model in use is
 * never closed</b>, so when all are in use there is a {@link LimitExceededException}. What a
 * framework's calls use is charged to it, and wholly to each of several. When a framework is at its
 * limit its own oldest one goes, out of memory only if no other framework has it.
 */
public interface ModelCache {

  /**
   * The model, loaded now if it is not there. It stays open at least until the use is closed.
   *
   * @param type whose model, such as {@code onnx}; one type has one Java class
   * @param model which one of that type, such as a path
   * @param loader run on another thread, without any lock; it may take as long as it needs
   * @param weigher what a loaded model takes, in bytes; 0 for not known
   * @throws LimitExceededException when there is no room, because all models are in use
   * @throws ModelException when the cache is closed
   * @throws CallInterruptedException when interrupted while waiting; the load goes on
   * @throws RuntimeException what the loader threw
   */
  <M extends AutoCloseable> Use<M> acquire(
      String type, String model, Supplier<? extends M> loader, ToLongFunction<? super M> weigher);

  /**
   * Bounds the models of one type, beside what bounds all; for the adapter whose type it is. Holds
   * from the next load on, for how long models are kept at once.
   */
  void limit(String type, Limits typeLimit);

  /**
   * Drops and closes a model that nobody uses.
   *
   * @return false when it is not there, or in use
   */
  boolean evict(String type, String model);

  /** Returns the figures of this moment. */
  Stats.LoadedModels stats();

  /**
   * One user's hold on a loaded model, which is open until this is closed. Thread-safe.
   *
   * @param <M> the model's class
   */
  interface Use<M extends AutoCloseable> extends AutoCloseable {

    /**
     * The model; not to be closed, nor used after this was closed.
     *
     * @throws IllegalStateException when this was closed
     */
    M model();

    /** Ends the use. Closing it twice is closing it once. */
    @Override
    void close();
  }

  /**
   * What bounds a {@link ModelCache}, or one type of model in it. Immutable.
   *
   * @param models loaded at once, at least 1, default 16
   * @param bytes of all loaded ones together, above zero, default 8 GB
   * @param expireAfterLoad a model is dropped when it was loaded so long ago and nobody uses it;
   *     zero, the default, for never
   * @param expireAfterUse a model is dropped when its last use ended so long ago; zero, the
   *     default, for never
   */
  public record Limits(int models, long bytes, Duration expireAfterLoad, Duration expireAfterUse) {

    public Limits {
      positive("models", models);
      positive("bytes", bytes);
      notNegative("expireAfterLoad", expireAfterLoad);
      notNegative("expireAfterUse", expireAfterUse);
    }

    private static void positive(String name, long value) {
      if (value < 1) {
        throw new ConfigurationException(
            "modelCache." + name + ": " + value + " is not above zero");
      }
    }

    private static void notNegative(String name, Duration time) {
      if (time.isNegative()) {
        throw new ConfigurationException("modelCache." + name + ": " + time + " is below zero");
      }
    }

    public static Limits ofDefaults() {
      return custom().build();
    }

    public static Builder custom() {
      return new Builder();
    }

    /** Begins with what the other ones are. */
    public static Builder from(Limits other) {
      Builder builder = custom();
      builder.models = other.models;
      builder.bytes = other.bytes;
      builder.expireAfterLoad = other.expireAfterLoad;
      builder.expireAfterUse = other.expireAfterUse;
      return builder;
    }

    /** Collects limits. Not thread-safe. */
    public static final class Builder {
      private int models = 16;
      private long bytes = 8L << 30;
      private Duration expireAfterLoad = Duration.ZERO;
      private Duration expireAfterUse = Duration.ZERO;

      private Builder() {}

      public Builder models(int count) {
        positive("models", count);
        models = count;
        return this;
      }

      public Builder bytes(long size) {
        positive("bytes", size);
        bytes = size;
        return this;
      }

      public Builder expireAfterLoad(Duration time) {
        notNegative("expireAfterLoad", time);
        expireAfterLoad = time;
        return this;
      }

      public Builder expireAfterUse(Duration time) {
        notNegative("expireAfterUse", time);
        expireAfterUse = time;
        return this;
      }

      public Limits build() {
        return new Limits(models, bytes, expireAfterLoad, expireAfterUse);
      }
    }
  }
}
