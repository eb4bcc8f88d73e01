package dev.terrarium.internal.resource;

import dev.terrarium.Stats;
import dev.terrarium.spi.ResourcePool;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A resource's place in the pool, from before it is made. Guarded by the pool's lock, but for what
 * is done by the one who has it busy.
 */
final class Slot<R> {

  final ResourcePool.Kind<R> kind;
  final String key;

  /** To whom it is charged: who uses it, or did last. */
  @Nullable String framework;

  /** It is being made or checked, by the one who will use it. */
  boolean busy = true;

  int users;

  /** Why it is no longer in the pool, once it is not. */
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

  /** Whether it lies unused. */
  boolean isIdle() {
    return !busy && users == 0;
  }

  R resource() {
    return Objects.requireNonNull(resource, "it is not made yet");
  }

  /** By who has it busy, and without the lock. */
  void make() {
    resource = kind.make(key);
  }

  /** By who has it busy, and without the lock. */
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

  /** Whether nobody has had it yet. */
  boolean isNew() {
    return madeAt == null;
  }

  /** What it adds to the figures of its kind. */
  Stats.Resource stats() {
    return new Stats.Resource(1, isIdle() ? 0 : 1, 0, 0, 0, 0);
  }

  /** No longer busy, and used by who made or checked it. */
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

  /** Nanoseconds after which it expires if nobody uses it; {@link Long#MAX_VALUE} for never. */
  long timeLeft(long now) {
    long made = Objects.requireNonNull(madeAt, "it is not made yet");
    return Math.min(
        timeLeft(kind.expireAfterMake(), now - made),
        timeLeft(kind.expireAfterUse(), now - usedAt));
  }

  private static long timeLeft(Duration limit, long age) {
    return limit.isZero() ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(limit) - age;
  }

  /** Without the lock, when it is no longer the pool's. */
  void close() {
    R made = resource;
    if (made != null) {
      try {
        kind.close(made);
      } catch (Throwable e) { // also an Error: others wait for what comes after
        System.getLogger("terrarium.resource").log(Level.WARNING, this + " did not close.", e);
      }
    }
  }

  @Override
  public String toString() {
    return kind.name() + ":" + key;
  }
}
