package dev.terrarium.internal.model;

import dev.terrarium.spi.ModelCache;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A model's place in the cache, from before it is loaded. Guarded by the cache's lock. */
final class CachedModel {

  final ModelKey key;

  /** Done when it is loaded, or will not be. The model itself, for those who wait. */
  final CompletableFuture<AutoCloseable> loading = new CompletableFuture<>();

  /** All, its type's, and those of the frameworks that it is charged to. */
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

  /** The model; null while it is being loaded. */
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

  /** Whether it may be closed: loaded, and nobody has it. */
  boolean isIdle() {
    return model != null && uses == 0;
  }

  boolean isChargedToAFramework() {
    return accounts.stream().anyMatch(ModelAccount::isFrameworks);
  }

  /** Nanoseconds after which it expires if nobody uses it; {@link Long#MAX_VALUE} for never. */
  long timeLeft(ModelCache.Limits limits, long now) {
    return Math.min(
        timeLeft(limits.expireAfterLoad(), now - loadedAt),
        timeLeft(limits.expireAfterUse(), now - usedAt));
  }

  private static long timeLeft(Duration limit, long age) {
    return limit.isZero() ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(limit) - age;
  }
}
