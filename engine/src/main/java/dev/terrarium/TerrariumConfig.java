package dev.terrarium;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.model.LanguageModel;
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

  private final int contexts;
  private final Duration borrowTimeout;
  private final Duration loadTimeout;
  private final CacheFolder cache;
  private final Map<String, LanguageModel> models;
  private final Optional<String> defaultModel;
  private final AccessProfile access;

  private TerrariumConfig(Builder builder) {
    contexts = builder.contexts;
    borrowTimeout = builder.borrowTimeout;
    loadTimeout = builder.loadTimeout;
    cache =
        builder.cacheFolder == null
            ? CacheFolder.ofDefaults()
            : CacheFolder.at(builder.cacheFolder);
    models = Map.copyOf(builder.models);
    defaultModel = Optional.ofNullable(builder.defaultModel);
    access = builder.access;
  }

  public static TerrariumConfig ofDefaults() {
    return custom().build();
  }

  public static Builder custom() {
    return new Builder();
  }

  /** Contexts in the pool, 1 to 64; default 2. */
  public int contexts() {
    return contexts;
  }

  /** How long a call waits for a free context; default 10 s. */
  public Duration borrowTimeout() {
    return borrowTimeout;
  }

  /** How long a call waits for the first context, and for a framework to load; default 120 s. */
  public Duration loadTimeout() {
    return loadTimeout;
  }

  /** The most that any framework is granted; default {@link AccessProfile#TRUSTED_NATIVE}. */
  public AccessProfile access() {
    return access;
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
    private int contexts = 2;
    private Duration borrowTimeout = Duration.ofSeconds(10);
    private Duration loadTimeout = Duration.ofMinutes(2);
    private @Nullable Path cacheFolder;
    private final Map<String, LanguageModel> models = new LinkedHashMap<>();
    private @Nullable String defaultModel;
    private AccessProfile access = AccessProfile.TRUSTED_NATIVE;

    private Builder() {}

    public Builder contexts(int count) {
      if (count < 1 || count > MAX_CONTEXTS) {
        throw new ConfigurationException("contexts: " + count + " is not 1 to " + MAX_CONTEXTS);
      }
      contexts = count;
      return this;
    }

    public Builder borrowTimeout(Duration timeout) {
      borrowTimeout = positive("borrowTimeout", timeout);
      return this;
    }

    public Builder loadTimeout(Duration timeout) {
      loadTimeout = positive("loadTimeout", timeout);
      return this;
    }

    private static Duration positive(String name, Duration timeout) {
      if (!timeout.isPositive()) {
        throw new ConfigurationException(name + ": " + timeout + " is not above zero");
      }
      return timeout;
    }

    /** The most that any framework is granted; one that declares more is refused. */
    public Builder access(AccessProfile ceiling) {
      access = ceiling;
      return this;
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
