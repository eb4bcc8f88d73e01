package dev.terrarium.internal.resource;

import dev.terrarium.internal.config.ConfigCheck;
import java.time.Duration;

/**
 * The limits of sessions. Immutable.
 *
 * @param ttl how long a session may be idle, above zero
 * @param maxSessions maximum number of sessions that have a state at a time, at least 1
 * @param maxBytes maximum size of one session's state, at least 1: bytes of its texts in UTF-8 and
 *     of its byte arrays, and 8 for each other value
 */
public record SessionLimits(Duration ttl, int maxSessions, int maxBytes) {

  public SessionLimits {
    ConfigCheck.aboveZero("sessionTtl", ttl);
    ConfigCheck.aboveZero("maxSessions", maxSessions);
    ConfigCheck.aboveZero("maxSessionBytes", maxBytes);
  }

  /** Returns the defaults: forgotten after 1 hour, 10,000 sessions, 1 MiB each. */
  public static SessionLimits ofDefaults() {
    return new SessionLimits(Duration.ofHours(1), 10_000, 1 << 20);
  }
}
