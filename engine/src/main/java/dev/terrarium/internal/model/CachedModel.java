package dev.terrarium.internal.model;

import dev.terrarium.spi.ModelCache;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the cache for one model, from before the model is loaded. Guarded by the cache's
 * lock.
 */
final class CachedModel {

  final ModelKey key;

  /**
   * The future of the load, whose value is the model, for callers that wait; it fails when the load
   * does.
   */
  final CompletableFuture<AutoCloseable> loading = new CompletableFuture<>();

  /**
   * The accounts to which the model is charged: the account of all models, that of its type, and
   * those of frameworks.
   */
  final List<ModelAccount> accounts = new ArrayList<>();

  private @Nullable AutoCloseable model;
  private long bytes;
  private long loadedAt;
  private long usedAt;
  private int uses;

  CachedModel(ModelKey key) {
    this.key = key;
  }

  void loaded(AutoCloseable made, long size, long now) {
    model = made;
    bytes = size;
    loadedAt = now;
    usedAt = now;
  }

  /** Returns the model, or null while it is being loaded. */
  @Nullable AutoCloseable model() {
    return model;
  }

  long bytes() {
    return bytes;
  }

  void use() {
    uses++;
  }

  void unuse(long now) {
    uses--;
    usedAt = now;
  }

  boolean isInUse() {
    return uses > 0;
  }

  /** Returns whether the model may be closed: it is loaded, and not in use. */
  boolean isIdle() {
    return model != null && uses == 0;
  }

  boolean isChargedToAFramework() {
    return accounts.stream().anyMatch(ModelAccount::isFrameworks);
  }

  /**
   * Returns the nanoseconds until the model expires if it is not used; {@link Long#MAX_VALUE} for
   * never.
   */
  long timeLeft(ModelCache.Limits limits, long now) {
    return Math.min(
        timeLeft(limits.expireAfterLoad(), now - loadedAt),
        timeLeft(limits.expireAfterUse(), now - usedAt));
  }

  private static long timeLeft(Duration limit, long age) {
    return limit.isZero() ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(limit) - age;
  }
}
