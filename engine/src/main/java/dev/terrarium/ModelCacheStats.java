package dev.terrarium;

import dev.terrarium.internal.model.ModelCache;
import java.util.Map;

/**
 * A {@link ModelCache}'s figures at one moment. Immutable.
 *
 * @param models loaded, or being loaded
 * @param inUse of them, those that somebody uses or waits for
 * @param bytes of the loaded ones, as their adapters weigh them
 * @param hits times that a model was there, or was being loaded for somebody else
 * @param loads models loaded since the start
 * @param failures loads that failed, or whose model had no place
 * @param evictions models dropped since the start, by cause; a cause that was not has no entry
 */
public record ModelCacheStats(
    int models,
    int inUse,
    long bytes,
    long hits,
    long loads,
    long failures,
    Map<Cause, Long> evictions) {

  /** Why a model was dropped. */
  public enum Cause {
    /** To make room for another. */
    SIZE,
    /** It was loaded, or used, too long ago. */
    EXPIRED,
    /** It was evicted by name, or the cache was closed. */
    EXPLICIT
  }

  /**
   * What one framework has of the cache. Immutable.
   *
   * @param models those that its calls loaded or used
   * @param bytes of them
   */
  public record Share(int models, long bytes) {}
}
