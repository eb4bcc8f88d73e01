package dev.terrarium.model;

import dev.terrarium.spi.ModelCache;
import dev.terrarium.error.ConfigurationException;
import java.time.Duration;

/**
 * What bounds a {@link ModelCache}, or one type of model in it. Immutable.
 *
 * @param models loaded at once, at least 1, default 16
 * @param bytes of all loaded ones together, above zero, default 8 GB
 * @param expireAfterLoad a model is dropped when it was loaded so long ago and nobody uses it;
 *     zero, the default, for never
 * @param expireAfterUse a model is dropped when its last use ended so long ago; zero, the default,
 *     for never
 */
public record CacheLimits(
    int models, long bytes, Duration expireAfterLoad, Duration expireAfterUse) {

  public CacheLimits {
    positive("models", models);
    positive("bytes", bytes);
    notNegative("expireAfterLoad", expireAfterLoad);
    notNegative("expireAfterUse", expireAfterUse);
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new ConfigurationException("modelCache." + name + ": " + value + " is not above zero");
    }
  }

  private static void notNegative(String name, Duration time) {
    if (time.isNegative()) {
      throw new ConfigurationException("modelCache." + name + ": " + time + " is below zero");
    }
  }

  public static CacheLimits ofDefaults() {
    return custom().build();
  }

  public static Builder custom() {
    return new Builder();
  }

  /** Begins with what the other ones are. */
  public static Builder from(CacheLimits other) {
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

    public CacheLimits build() {
      return new CacheLimits(models, bytes, expireAfterLoad, expireAfterUse);
    }
  }
}
