package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import java.util.OptionalInt;

/**
 * How much of what is scarce one framework may have. Immutable.
 *
 * @param memory bytes for the models that its calls use and for what it takes in its contexts,
 *     which is measured or an estimate; above zero, default 2 GB. Looked at when a model is loaded
 *     and when it is to be loaded in a further context: its first one is not refused
 * @param models loaded models that its calls use, at least 1, default 10
 * @param connections resources that its calls have for themselves, such as connections, at least 1,
 *     default 4
 * @param concurrency calls at once, at least 1, before which others queue as at a bulkhead that has
 *     all else at its default; empty, the default, for as many as there are contexts
 */
public record ResourceLimits(long memory, int models, int connections, OptionalInt concurrency) {

  static final long DEFAULT_MEMORY = 2L << 30;
  static final int DEFAULT_MODELS = 10;
  static final int DEFAULT_CONNECTIONS = 4;

  public ResourceLimits {
    positive("memory", memory);
    positive("models", models);
    positive("connections", connections);
    concurrency.ifPresent(calls -> positive("concurrency", calls));
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new ConfigurationException("limits." + name + ": " + value + " is not above zero");
    }
  }

  public static ResourceLimits ofDefaults() {
    return custom().build();
  }

  public static Builder custom() {
    return new Builder();
  }

  /** Begins with what the other ones are. */
  public static Builder from(ResourceLimits other) {
    Builder builder = custom();
    builder.memory = other.memory;
    builder.models = other.models;
    builder.connections = other.connections;
    builder.concurrency = other.concurrency;
    return builder;
  }

  /** Collects limits. Not thread-safe. */
  public static final class Builder {
    private long memory = DEFAULT_MEMORY;
    private int models = DEFAULT_MODELS;
    private int connections = DEFAULT_CONNECTIONS;
    private OptionalInt concurrency = OptionalInt.empty();

    private Builder() {}

    public Builder memory(long bytes) {
      positive("memory", bytes);
      memory = bytes;
      return this;
    }

    public Builder models(int count) {
      positive("models", count);
      models = count;
      return this;
    }

    public Builder connections(int count) {
      positive("connections", count);
      connections = count;
      return this;
    }

    public Builder concurrency(int calls) {
      positive("concurrency", calls);
      concurrency = OptionalInt.of(calls);
      return this;
    }

    public ResourceLimits build() {
      return new ResourceLimits(memory, models, connections, concurrency);
    }
  }
}
