package dev.terrarium.internal.call;

import java.time.Duration;

/**
 * The limits of calls that have many pieces, or large ones.
 *
 * @param maxBatch maximum number of commands in one batch, at least 1
 * @param streamBuffer maximum number of a stream's pieces that wait for its subscriber, at least 1
 * @param streamIdleTimeout how long a stream whose buffer is full waits for its subscriber, above
 *     zero
 * @param maxMessage maximum number of bytes of one message, at least 1
 */
public record CallSettings(
    int maxBatch, int streamBuffer, Duration streamIdleTimeout, int maxMessage) {

  public static CallSettings ofDefaults() {
    return new CallSettings(10_000, 64, Duration.ofMinutes(1), 64 << 20);
  }
}
