package dev.terrarium;

import dev.terrarium.internal.config.ConfigCheck;
import java.util.OptionalInt;

/**
 * The limits of one framework's use of scarce resources. Immutable.
 *
 * @param memory bytes for the models that the framework's calls use and for the heap that it takes
 *     in its contexts, which is measured or an estimate; above zero, default 2 GB. The limit is
 *     checked when a model is loaded and before the framework is loaded into a further context: the
 *     framework's first context is not refused
 * @param models loaded models that the framework's calls use, at least 1, default 10
 * @param connections exclusive resources that the framework's calls hold, such as connections, at
 *     least 1, default 4
 * @param concurrency calls that run at once, at least 1; further calls queue as at a bulkhead whose
 *     other values have their defaults. Empty, the default, for as many calls as there are contexts
 */
public record ResourceLimits(long memory, int models, int connections, OptionalInt concurrency) {

  static final long DEFAULT_MEMORY = 2L << 30;
  static final int DEFAULT_MODELS = 10;
  static final int DEFAULT_CONNECTIONS = 4;

  public ResourceLimits {
    ConfigCheck.aboveZero("limits.memory", memory);
    ConfigCheck.aboveZero("limits.models", models);
    ConfigCheck.aboveZero("limits.connections", connections);
    concurrency.ifPresent(calls -> ConfigCheck.aboveZero("limits.concurrency", calls));
  }

  public static ResourceLimits ofDefaults() {
    return custom().build();
  }

  public static Builder custom() {
    return new Builder();
  }

  /** Returns a builder that starts with the values of other limits. */
  public static Builder from(ResourceLimits other) {
    Builder builder = custom();
    builder.memory = other.memory;
    builder.models = other.models;
    builder.connections = other.connections;
    builder.concurrency = other.concurrency;
    return builder;
  }

  /** A builder of limits. Not thread-safe. */
  public static final class Builder {
    private long memory = DEFAULT_MEMORY;
    private int models = DEFAULT_MODELS;
    private int connections = DEFAULT_CONNECTIONS;
    private OptionalInt concurrency = OptionalInt.empty();

    private Builder() {}

    public Builder memory(long bytes) {
      ConfigCheck.aboveZero("limits.memory", bytes);
      memory = bytes;
      return this;
    }

    public Builder models(int count) {
      ConfigCheck.aboveZero("limits.models", count);
      models = count;
      return this;
    }

    public Builder connections(int count) {
      ConfigCheck.aboveZero("limits.connections", count);
      connections = count;
      return this;
    }

    public Builder concurrency(int calls) {
      ConfigCheck.aboveZero("limits.concurrency", calls);
      concurrency = OptionalInt.of(calls);
      return this;
    }

    public ResourceLimits build() {
      return new ResourceLimits(memory, models, connections, concurrency);
    }
  }
}
