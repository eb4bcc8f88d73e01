package dev.terrarium.spi;

import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.internal.config.ConfigCheck;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A pool of resources that all frameworks and contexts of a Terrarium share, such as tokenizers,
 * HTTP clients and connections. A resource has a kind and a key. Thread-safe.
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
 * <p>An idle resource is checked before it is used again. Resources are made, checked and closed
 * without any lock. An exclusive resource is charged to the framework whose call holds it, or held
 * it last; at the framework's limit, the framework's least recently used idle resource is closed.
 */
public interface ResourcePool {

  /**
   * Borrows a resource of a kind and a key, which is made now if no existing one can serve. The
   * resource is the caller's until the lease is closed.
   *
   * @throws LimitExceededException when no resource was free, and there was no room for another,
   *     for as long as the kind's wait time-out
   * @throws CallInterruptedException when interrupted while waiting
   * @throws ClosedException when the pool is closed
   * @throws RuntimeException what the kind's factory threw
   */
  <R> Lease<R> borrow(Kind<R> kind, String key);

  /** Returns the figures of each kind that was ever requested, by the kind's name. */
  Map<String, Stats.Resource> stats();

  /**
   * A caller's hold on a resource. Thread-safe.
   *
   * @param <R> the resource's class
   */
  interface Lease<R> extends AutoCloseable {

    /**
     * Returns the resource, which the caller must not close, nor use after this lease was closed.
     *
     * @throws IllegalStateException when this lease was closed
     */
    R resource();

    /** Releases the resource. Closing a second time does nothing. */
    @Override
    void close();
  }

  /**
   * One kind of resource in a {@link ResourcePool}: how its resources are made, checked and closed.
   * Immutable; its functions are called without any lock, by several threads at once. Create a kind
   * once and keep it: kinds are distinguished by identity, not by name.
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
     * Returns a builder of a kind that has one resource for each key, used by many callers at once,
     * such as a tokenizer.
     *
     * @param factory makes the resource of a key
     */
    public static <R> Builder<R> shared(String name, Function<String, ? extends R> factory) {
      return new Builder<>(name, true, factory);
    }

    /**
     * Returns a builder of a kind whose resources are used by one caller at a time, such as
     * connections. Resources that a framework's calls hold count toward its {@link
     * ResourceLimits#connections()}.
     *
     * @param factory makes another resource of a key
     */
    public static <R> Builder<R> exclusive(String name, Function<String, ? extends R> factory) {
      return new Builder<>(name, false, factory);
    }

    public String name() {
      return name;
    }

    /** Returns whether many callers use one resource at once. */
    public boolean isShared() {
      return shared;
    }

    /** Makes another resource of a key; an exception of the factory is thrown on. */
    public R make(String key) {
      return Objects.requireNonNull(factory.apply(key), () -> "the factory of " + name);
    }

    /** Returns whether an idle resource can be used again. */
    public boolean isHealthy(R resource) {
      return check.test(resource);
    }

    /** Frees a resource. */
    public void close(R resource) {
      closer.accept(resource);
    }

    /** Returns the maximum number of resources of one key. */
    public int maxPerKey() {
      return maxPerKey;
    }

    /** Returns how long a borrower waits at most. */
    public Duration waitTimeout() {
      return waitTimeout;
    }

    /** Returns the age at which an idle resource is closed; zero for never. */
    public Duration expireAfterMake() {
      return expireAfterMake;
    }

    /** Returns how long an idle resource is kept; zero for ever. */
    public Duration expireAfterUse() {
      return expireAfterUse;
    }

    /** A builder of a kind. Not thread-safe. */
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

      /**
       * Sets the check of whether an idle resource can be used again; a resource that cannot is
       * closed and made anew.
       */
      public Builder<R> check(Predicate<? super R> healthy) {
        check = Objects.requireNonNull(healthy, "check");
        return this;
      }

      /** Sets the function that frees a resource; by default nothing is done. */
      public Builder<R> closer(Consumer<? super R> action) {
        closer = Objects.requireNonNull(action, "closer");
        return this;
      }

      /**
       * Sets the maximum number of resources of one key, at least 1, default 4; a shared kind
       * always has 1.
       */
      public Builder<R> maxPerKey(int count) {
        if (shared) {
          throw new ConfigurationException(name + ".maxPerKey: " + count + " of a shared kind");
        }
        ConfigCheck.aboveZero(name + ".maxPerKey", count);
        maxPerKey = count;
        return this;
      }

      /** Sets how long a borrower waits for a resource, above zero, default 10 s. */
      public Builder<R> waitTimeout(Duration time) {
        ConfigCheck.aboveZero(name + ".waitTimeout", time);
        waitTimeout = time;
        return this;
      }

      /** Sets the age at which an idle resource is closed; zero, the default, for never. */
      public Builder<R> expireAfterMake(Duration time) {
        ConfigCheck.notBelowZero(name + ".expireAfterMake", time);
        expireAfterMake = time;
        return this;
      }

      /**
       * Sets how long after its last use an idle resource is closed; default 5 minutes, zero for
       * never.
       */
      public Builder<R> expireAfterUse(Duration time) {
        ConfigCheck.notBelowZero(name + ".expireAfterUse", time);
        expireAfterUse = time;
        return this;
      }

      public Kind<R> build() {
        return new Kind<>(this);
      }
    }
  }
}
