package dev.terrarium.internal.resource;

import dev.terrarium.Stats;
import dev.terrarium.spi.ResourcePool;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A place in the pool for one resource, from before the resource is made. Guarded by the pool's
 * lock, except for methods that the thread calls that makes or checks the resource.
 */
final class Slot<R> {

  final ResourcePool.Kind<R> kind;
  final String key;

  /**
   * The framework to which the resource is charged, because its call uses the resource or was the
   * last to use it.
   */
  @Nullable String framework;

  /** Whether the resource is being made or checked, by the thread that will use it. */
  boolean busy = true;

  int users;

  /** The reason for which the slot left the pool, once it has. */
  String cause = "";

  private @Nullable R resource;
  private @Nullable Long madeAt;
  private long usedAt;

  Slot(ResourcePool.Kind<R> kind, String key) {
    this.kind = kind;
    this.key = key;
  }

  boolean isOf(ResourcePool.Kind<?> wanted, String wantedKey) {
    return kind == wanted && key.equals(wantedKey);
  }

  /** Returns whether the resource is idle. */
  boolean isIdle() {
    return !busy && users == 0;
  }

  R resource() {
    return Objects.requireNonNull(resource, "it is not made yet");
  }

  /** Makes the resource; called by the thread that has the slot busy, without the lock. */
  void make() {
    resource = kind.make(key);
  }

  /**
   * Returns whether the idle resource can be used again; called by the thread that has the slot
   * busy, without the lock.
   */
  boolean isHealthy() {
    try {
      return kind.isHealthy(resource());
    } catch (RuntimeException e) {
      System.getLogger("terrarium.resource")
          .log(Level.WARNING, "The check of " + this + " failed; it is made anew.", e);
      return false;
    }
  }

  boolean isMade() {
    return resource != null;
  }

  /** Returns whether the resource was never used. */
  boolean isNew() {
    return madeAt == null;
  }

  /** Returns the slot's part of its kind's figures. */
  Stats.Resource stats() {
    return new Stats.Resource(1, isIdle() ? 0 : 1, 0, 0, 0, 0);
  }

  /** Ends the busy time; the thread that made or checked the resource uses it now. */
  void ready(long now) {
    if (madeAt == null) {
      madeAt = now;
    }
    busy = false;
    users++;
  }

  void used(long now) {
    usedAt = now;
  }

  /**
   * Returns the nanoseconds until the resource expires if it is not used; {@link Long#MAX_VALUE}
   * for never.
   */
  long timeLeft(long now) {
    long made = Objects.requireNonNull(madeAt, "it is not made yet");
    return Math.min(
        timeLeft(kind.expireAfterMake(), now - made),
        timeLeft(kind.expireAfterUse(), now - usedAt));
  }

  private static long timeLeft(Duration limit, long age) {
    return limit.isZero() ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(limit) - age;
  }

  /** Closes the resource after the slot has left the pool; called without the lock. */
  void close() {
    R made = resource;
    if (made != null) {
      try {
        kind.close(made);
      } catch (Throwable e) { // an Error too, since callers wait for what follows
        System.getLogger("terrarium.resource").log(Level.WARNING, this + " did not close.", e);
      }
    }
  }

  @Override
  public String toString() {
    return kind.name() + ":" + key;
  }
}
