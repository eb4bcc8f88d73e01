package dev.terrarium.dspy;

import dev.terrarium.error.LimitExceededException;

/** The requests to language models of an optimization, and their tokens. Thread-safe. */
final class Spending {

  /** The time of an answer from which on waiting takes longer than Python's part of a run. */
  private static final long SLOW_NANOS = 10_000_000;

  private final long maxCalls;
  private final long maxTokens;
  private long calls;
  private long tokens;
  private long waits;
  private long waitedNanos;

  Spending(OptimizeOptions options) {
    maxCalls = options.maxCalls().orElse(Long.MAX_VALUE);
    maxTokens = options.maxTokens().orElse(Long.MAX_VALUE);
  }

  /**
   * Counts a request that is about to be made.
   *
   * @throws LimitExceededException when the budget is used up
   */
  synchronized void begin() {
    if (isUsedUp()) {
      throw new LimitExceededException(
          "optimize: the budget is used up, after " + calls + " calls and " + tokens + " tokens.");
    }
    calls++;
  }

  /** Counts what came of a request that had begun, which may have become several or none. */
  synchronized void end(long requests, long spent) {
    calls += requests - 1;
    tokens += spent;
  }

  /** Counts the time of one answer to Java. */
  synchronized void waited(long nanos) {
    waits++;
    waitedNanos += nanos;
  }

  /** Returns whether answers take so long that it is worth while to wait for several at a time. */
  synchronized boolean isSlow() {
    return waitedNanos >= waits * SLOW_NANOS;
  }

  synchronized boolean isUsedUp() {
    return calls >= maxCalls || tokens >= maxTokens;
  }

  synchronized long calls() {
    return calls;
  }

  synchronized long tokens() {
    return tokens;
  }
}
