package dev.terrarium;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.pool.PoolSettings;
import dev.terrarium.resource.CacheFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Terrarium} is set up. Immutable; every value is checked where it is set. Defaults
 * suit a laptop: 2 contexts, 10 s to wait for one, 120 s for a framework to load, the embedded
 * language model of the class path.
 */
public final class TerrariumConfig {

  private static final int MAX_CONTEXTS = 64;

  private final PoolSettings pool;
  private final CallSettings calls;
  private final AccessProfile access;
  private final ContextPropagation propagation;
  private final CacheFolder cache;
  private final Map<String, LanguageModel> models;
  private final Optional<String> defaultModel;

  private TerrariumConfig(Builder builder) {
    pool = builder.pool;
    calls = builder.calls;
    access = builder.access;
    propagation = builder.propagation;
    cache =
        builder.cacheFolder == null
            ? CacheFolder.ofDefaults()
            : CacheFolder.at(builder.cacheFolder);
    models = Map.copyOf(builder.models);
    defaultModel = Optional.ofNullable(builder.defaultModel);
  }

  public static TerrariumConfig ofDefaults() {
    return custom().build();
  }

  public static Builder custom() {
    return new Builder();
  }

  /** Contexts that serve at most, 1 to 64; default 2. */
  public int contexts() {
    return pool.max();
  }

  /** Contexts that are made at the start and kept; default as many as there may be. */
  public int minContexts() {
    return pool.min();
  }

  /** How long a call waits for a free context; default 10 s. */
  public Duration borrowTimeout() {
    return pool.borrowTimeout();
  }

  /** How long a call waits for the first context, and for a framework to load; default 120 s. */
  public Duration loadTimeout() {
    return pool.loadTimeout();
  }

  /** How long closing waits for running calls before it stops them; default 10 s. */
  public Duration drainTimeout() {
    return pool.drainTimeout();
  }

  /** The most that any framework is granted; default {@link AccessProfile#TRUSTED_NATIVE}. */
  public AccessProfile access() {
    return access;
  }

  /** Commands that one batch may hold; default 10,000. */
  public int maxBatch() {
    return calls.maxBatch();
  }

  /** Pieces of a stream that may wait for its subscriber; default 64. */
  public int streamBuffer() {
    return calls.streamBuffer();
  }

  /** How long a full stream waits for its subscriber; default 1 minute. */
  public Duration streamIdleTimeout() {
    return calls.streamIdleTimeout();
  }

  /** Bytes that one message, of JSON or MessagePack, may have; default 64 MiB. */
  public int maxMessage() {
    return calls.maxMessage();
  }

  CallSettings calls() {
    return calls;
  }

  PoolSettings pool() {
    return pool;
  }

  ContextPropagation contextPropagation() {
    return propagation;
  }

  CacheFolder cache() {
    return cache;
  }

  /** Language models by name; they are the caller's to close. */
  Map<String, LanguageModel> models() {
    return models;
  }

  /** A model's name, or a spec that a provider on the class path can open. */
  Optional<String> defaultModel() {
    return defaultModel;
  }

  /** Collects a configuration. Not thread-safe. */
  public static final class Builder {
    private PoolSettings pool = PoolSettings.of(2, 2);
    private CallSettings calls = CallSettings.ofDefaults();
    private AccessProfile access = AccessProfile.TRUSTED_NATIVE;
    private ContextPropagation propagation = ContextPropagation.none();
    private @Nullable Path cacheFolder;
    private final Map<String, LanguageModel> models = new LinkedHashMap<>();
    private @Nullable String defaultModel;

    private Builder() {}

    /** So many contexts, made at the start. */
    public Builder contexts(int count) {
      return contexts(count, count);
    }

    /** So many contexts at the start, and up to so many when callers would have to wait. */
    public Builder contexts(int min, int max) {
      if (max < 1 || max > MAX_CONTEXTS) {
        throw new ConfigurationException("contexts: " + max + " is not 1 to " + MAX_CONTEXTS);
      }
      if (min < 0 || min > max) {
        throw new ConfigurationException("contexts: the minimum " + min + " is not 0 to " + max);
      }
      pool = pool.withContexts(min, max);
      return this;
    }

    public Builder borrowTimeout(Duration timeout) {
      positive("borrowTimeout", timeout);
      pool = pool.withTimeouts(timeout, pool.loadTimeout(), pool.drainTimeout());
      return this;
    }

    public Builder loadTimeout(Duration timeout) {
      positive("loadTimeout", timeout);
      pool = pool.withTimeouts(pool.borrowTimeout(), timeout, pool.drainTimeout());
      return this;
    }

    /** How long closing waits for running calls before it stops them; zero stops them at once. */
    public Builder drainTimeout(Duration timeout) {
      notNegative("drainTimeout", timeout);
      pool = pool.withTimeouts(pool.borrowTimeout(), pool.loadTimeout(), timeout);
      return this;
    }

    /**
     * After how many calls a context is looked through without a fault: for modules, builtins and
     * handlers that a call replaced, for threads that it left; default 1,000. After a fault it
     * always is.
     */
    public Builder checkEvery(int calls) {
      positive("checkEvery", calls);
      pool = pool.withCheckEvery(calls);
      return this;
    }

    /**
     * After how many calls, and at which age, a context drops all its frameworks and starts afresh,
     * up to a tenth sooner so that not all do at once; zero, the default, means never.
     */
    public Builder recycle(long afterCalls, Duration afterTime) {
      if (afterCalls < 0) {
        throw new ConfigurationException("recycle: " + afterCalls + " calls is below zero");
      }
      notNegative("recycle", afterTime);
      pool = pool.withRecycling(afterCalls, afterTime);
      return this;
    }

    /**
     * How long a call may hold a context before it is reported to the log with its caller's stack;
     * default 5 minutes, zero for never.
     */
    public Builder leakThreshold(Duration threshold) {
      notNegative("leakThreshold", threshold);
      pool = pool.withLeakThreshold(threshold);
      return this;
    }

    /** How many commands one batch may hold, which occupies one context; default 10,000. */
    public Builder maxBatch(int commands) {
      positive("maxBatch", commands);
      calls =
          new CallSettings(
              commands, calls.streamBuffer(), calls.streamIdleTimeout(), calls.maxMessage());
      return this;
    }

    /** How many pieces of a stream may wait for its subscriber; default 64. */
    public Builder streamBuffer(int pieces) {
      positive("streamBuffer", pieces);
      calls =
          new CallSettings(calls.maxBatch(), pieces, calls.streamIdleTimeout(), calls.maxMessage());
      return this;
    }

    /** How long a stream whose buffer is full waits for its subscriber; default 1 minute. */
    public Builder streamIdleTimeout(Duration timeout) {
      positive("streamIdleTimeout", timeout);
      calls = new CallSettings(calls.maxBatch(), calls.streamBuffer(), timeout, calls.maxMessage());
      return this;
    }

    /**
     * How many bytes one message, of JSON or MessagePack, may have before it is read, 1 to {@link
     * Integer#MAX_VALUE}; default 64 MiB.
     */
    public Builder maxMessage(int bytes) {
      positive("maxMessage", bytes);
      calls =
          new CallSettings(
              calls.maxBatch(), calls.streamBuffer(), calls.streamIdleTimeout(), bytes);
      return this;
    }

    /**
     * The most that any framework is granted, and what one is granted that declares nothing. One
     * that declares more is refused.
     */
    public Builder access(AccessProfile ceiling) {
      access = ceiling;
      return this;
    }

    /** What crosses from the calling thread to the one that runs the Python code. */
    public Builder contextPropagation(ContextPropagation hook) {
      propagation = hook;
      return this;
    }

    private static void notNegative(String name, Duration time) {
      if (time.isNegative()) {
        throw new ConfigurationException(name + ": " + time + " is below zero");
      }
    }

    private static void positive(String name, int number) {
      if (number < 1) {
        throw new ConfigurationException(name + ": " + number + " is not above zero");
      }
    }

    private static void positive(String name, Duration timeout) {
      if (!timeout.isPositive()) {
        throw new ConfigurationException(name + ": " + timeout + " is not above zero");
      }
    }

    /** Where packages and models are unpacked; the default is the user's cache folder. */
    public Builder cacheFolder(Path folder) {
      cacheFolder = folder;
      return this;
    }

    /**
     * Adds a language model under its own name; the first one added is the default. It stays the
     * caller's to close.
     */
    public Builder languageModel(LanguageModel model) {
      if (models.putIfAbsent(model.name(), model) != null) {
        throw new ConfigurationException("languageModel: two are named '" + model.name() + "'");
      }
      if (defaultModel == null) {
        defaultModel = model.name();
      }
      return this;
    }

    /**
     * Chooses the default model by a spec that a provider on the class path opens, such as a path.
     */
    public Builder languageModel(String spec) {
      if (spec.isBlank()) {
        throw new ConfigurationException("languageModel: the spec is empty");
      }
      defaultModel = spec;
      return this;
    }

    public TerrariumConfig build() {
      return new TerrariumConfig(this);
    }
  }
}
