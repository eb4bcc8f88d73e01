package dev.terrarium.spi;

import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Resources that all frameworks and contexts of a Terrarium share, by kind and key: tokenizers,
 * HTTP clients, connections. Thread-safe.
 *
 * <pre>{@code
 * ResourcePool.Kind<Connection> connections =
 *     ResourcePool.Kind.exclusive("connection", Connection::open)
 *         .check(Connection::isAlive)
 *         .closer(Connection::close)
 *         .build();
 * try (ResourcePool.Lease<Connection> lease = pool.borrow(connections, "db.example.com")) {
 *   lease.resource().send(question);
 * }
 * }</pre>
 *
 * <p>One that lay unused is checked before it is used again. Making, checking and closing happen
 * without any lock. An exclusive one is charged to the framework whose call has it, or had it last;
 * at the framework's limit the one that it has not used for longest is closed.
 */
public interface ResourcePool {

  /**
   * One of that kind and key, made now if need be; the caller's until the lease is closed.
   *
   * @throws LimitExceededException when there was none free, and no room for another, for as long
   *     as the kind's wait time-out
   * @throws CallInterruptedException when interrupted while waiting
   * @throws ClosedException when the pool is closed
   * @throws RuntimeException what the kind's factory threw
   */
  <R> Lease<R> borrow(Kind<R> kind, String key);

  /** Returns figures by the name of each kind that was ever asked for. */
  Map<String, Stats.Resource> stats();

  /**
   * One user's hold on a resource. Thread-safe.
   *
   * @param <R> the resource's class
   */
  interface Lease<R> extends AutoCloseable {

    /**
     * The resource; not to be closed, nor used after this was closed.
     *
     * @throws IllegalStateException when this was closed
     */
    R resource();

    /** Gives the resource back. Closing it twice is closing it once. */
    @Override
    void close();
  }

  /**
   * One kind of resource in a {@link ResourcePool}: how it is made, looked at and closed.
   * Immutable; its functions are called without any lock, by several threads at once. Make it once:
   * each is a kind of its own, whatever its name.
   *
   * @param <R> the resource's class
   */
  final class Kind<R> {

    private final String name;
    private final boolean shared;
    private final Function<String, ? extends R> factory;
    private final Predicate<? super R> check;
    private final Consumer<? super R> closer;
    private final int maxPerKey;
    private final Duration waitTimeout;
    private final Duration expireAfterMake;
    private final Duration expireAfterUse;

    private Kind(Builder<R> builder) {
      name = builder.name;
      shared = builder.shared;
      factory = builder.factory;
      check = builder.check;
      closer = builder.closer;
      maxPerKey = builder.maxPerKey;
      waitTimeout = builder.waitTimeout;
      expireAfterMake = builder.expireAfterMake;
      expireAfterUse = builder.expireAfterUse;
    }

    /**
     * A kind of which there is one for each key, used by many at once, such as a tokenizer.
     *
     * @param factory makes the one of a key
     */
    public static <R> Builder<R> shared(String name, Function<String, ? extends R> factory) {
      return new Builder<>(name, true, factory);
    }

    /**
     * A kind of which each is used by one at a time, such as a connection. Those that a framework's
     * calls have count toward its {@link ResourceLimits#connections()}.
     *
     * @param factory makes another one of a key
     */
    public static <R> Builder<R> exclusive(String name, Function<String, ? extends R> factory) {
      return new Builder<>(name, false, factory);
    }

    public String name() {
      return name;
    }

    /** Returns whether many use one resource at once. */
    public boolean isShared() {
      return shared;
    }

    /** Makes another resource of a key; what the factory throws is thrown. */
    public R make(String key) {
      return Objects.requireNonNull(factory.apply(key), () -> "the factory of " + name);
    }

    /** Returns whether a resource that lay unused can be used again. */
    public boolean isHealthy(R resource) {
      return check.test(resource);
    }

    /** Frees a resource. */
    public void close(R resource) {
      closer.accept(resource);
    }

    /** Returns how many resources of one key there may be. */
    public int maxPerKey() {
      return maxPerKey;
    }

    /** Returns how long a borrower waits. */
    public Duration waitTimeout() {
      return waitTimeout;
    }

    /** Returns after what age an unused resource is closed; zero for never. */
    public Duration expireAfterMake() {
      return expireAfterMake;
    }

    /** Returns for how long an unused resource is kept; zero for ever. */
    public Duration expireAfterUse() {
      return expireAfterUse;
    }

    /** Collects a kind. Not thread-safe. */
    public static final class Builder<R> {
      private final String name;
      private final boolean shared;
      private final Function<String, ? extends R> factory;
      private Predicate<? super R> check = resource -> true;
      private Consumer<? super R> closer = resource -> {};
      private int maxPerKey;
      private Duration waitTimeout = Duration.ofSeconds(10);
      private Duration expireAfterMake = Duration.ZERO;
      private Duration expireAfterUse = Duration.ofMinutes(5);

      private Builder(String name, boolean shared, Function<String, ? extends R> factory) {
        this.name = name;
        this.shared = shared;
        this.factory = factory;
        this.maxPerKey = shared ? 1 : 4;
      }

      /** Whether one that lay unused can be used again; one that cannot is closed and made anew. */
      public Builder<R> check(Predicate<? super R> healthy) {
        check = Objects.requireNonNull(healthy, "check");
        return this;
      }

      /** Frees one; none by default. */
      public Builder<R> closer(Consumer<? super R> action) {
        closer = Objects.requireNonNull(action, "closer");
        return this;
      }

      /** How many there may be of one key, at least 1, default 4; of a shared kind always 1. */
      public Builder<R> maxPerKey(int count) {
        if (shared || count < 1) {
          throw new ConfigurationException(
              name
                  + ".maxPerKey: "
                  + count
                  + (shared ? " of a shared kind" : " is not above zero"));
        }
        maxPerKey = count;
        return this;
      }

      /** How long to wait for one, above zero, default 10 s. */
      public Builder<R> waitTimeout(Duration time) {
        if (!time.isPositive()) {
          throw new ConfigurationException(name + ".waitTimeout: " + time + " is not above zero");
        }
        waitTimeout = time;
        return this;
      }

      /** One is closed, when unused, so long after it was made; zero, the default, for never. */
      public Builder<R> expireAfterMake(Duration time) {
        expireAfterMake = notNegative("expireAfterMake", time);
        return this;
      }

      /** One is closed so long after its last use; default 5 minutes, zero for never. */
      public Builder<R> expireAfterUse(Duration time) {
        expireAfterUse = notNegative("expireAfterUse", time);
        return this;
      }

      private Duration notNegative(String setting, Duration time) {
        if (time.isNegative()) {
          throw new ConfigurationException(name + "." + setting + ": " + time + " is below zero");
        }
        return time;
      }

      public Kind<R> build() {
        return new Kind<>(this);
      }
    }
  }
}
