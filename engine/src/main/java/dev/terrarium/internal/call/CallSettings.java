package dev.terrarium.internal.call;

import java.time.Duration;

/**
 * What bounds calls of many pieces, or of large ones.
 *
 * @param maxBatch commands that one batch may hold, at least 1
 * @param streamBuffer pieces of a stream that may wait for its subscriber, at least 1
 * @param streamIdleTimeout how long a full stream waits for its subscriber, above zero
 * @param maxMessage bytes that one message may have, at least 1
 */
public record CallSettings(
    int maxBatch, int streamBuffer, Duration streamIdleTimeout, int maxMessage) {

  public static CallSettings ofDefaults() {
    return new CallSettings(10_000, 64, Duration.ofMinutes(1), 64 << 20);
  }
}
