package dev.terrarium.internal.resource;

import dev.terrarium.error.ConfigurationException;
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
    if (!ttl.isPositive()) {
      throw new ConfigurationException("sessionTtl: " + ttl + " is not above zero");
    }
    if (maxSessions < 1) {
      throw new ConfigurationException("maxSessions: " + maxSessions + " is not above zero");
    }
    if (maxBytes < 1) {
      throw new ConfigurationException("maxSessionBytes: " + maxBytes + " is not above zero");
    }
  }

  /** Returns the defaults: forgotten after 1 hour, 10,000 sessions, 1 MiB each. */
  public static SessionLimits ofDefaults() {
    return new SessionLimits(Duration.ofHours(1), 10_000, 1 << 20);
  }
}
