package dev.terrarium.internal.pool;

import java.time.Duration;

/**
 * How a pool behaves. Immutable.
 *
 * @param min contexts that are made at the start and kept
 * @param max contexts that serve at most
 * @param borrowTimeout how long a caller waits for a context
 * @param loadTimeout how long a caller waits for a framework to load, or for the first context
 * @param drainTimeout how long closing waits for running calls before it stops them
 * @param checkEvery after how many calls a context is checked without a fault
 * @param recycleAfterCalls after how many calls a context drops all its frameworks; 0 means never
 * @param recycleAfter at which age it does; zero means never
 * @param leakThreshold for how long a lease may be held before its borrower is reported; zero means
 *     for ever
 */
public record PoolSettings(
    int min,
    int max,
    Duration borrowTimeout,
    Duration loadTimeout,
    Duration drainTimeout,
    int checkEvery,
    long recycleAfterCalls,
    Duration recycleAfter,
    Duration leakThreshold) {

  /** Settings of that many contexts with all else at its default. */
  public static PoolSettings of(int min, int max) {
    return new PoolSettings(
        min,
        max,
        Duration.ofSeconds(10),
        Duration.ofMinutes(2),
        Duration.ofSeconds(10),
        1_000,
        0,
        Duration.ZERO,
        Duration.ofMinutes(5));
  }

  public PoolSettings withContexts(int newMin, int newMax) {
    return new PoolSettings(
        newMin,
        newMax,
        borrowTimeout,
        loadTimeout,
        drainTimeout,
        checkEvery,
        recycleAfterCalls,
        recycleAfter,
        leakThreshold);
  }

  public PoolSettings withTimeouts(Duration borrow, Duration load, Duration drain) {
    return new PoolSettings(
        min, max, borrow, load, drain, checkEvery, recycleAfterCalls, recycleAfter, leakThreshold);
  }

  public PoolSettings withCheckEvery(int calls) {
    return new PoolSettings(
        min,
        max,
        borrowTimeout,
        loadTimeout,
        drainTimeout,
        calls,
        recycleAfterCalls,
        recycleAfter,
        leakThreshold);
  }

  public PoolSettings withRecycling(long calls, Duration age) {
    return new PoolSettings(
        min, max, borrowTimeout, loadTimeout, drainTimeout, checkEvery, calls, age, leakThreshold);
  }

  public PoolSettings withLeakThreshold(Duration threshold) {
    return new PoolSettings(
        min,
        max,
        borrowTimeout,
        loadTimeout,
        drainTimeout,
        checkEvery,
        recycleAfterCalls,
        recycleAfter,
        threshold);
  }
}
