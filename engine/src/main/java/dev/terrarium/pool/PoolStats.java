package dev.terrarium.pool;

/**
 * The pool's figures at one moment.
 *
 * @param total contexts that exist or are being made
 * @param starting those being made
 * @param active those that are borrowed
 * @param idle those that wait to be borrowed
 * @param pending callers that wait for one
 */
public record PoolStats(int total, int starting, int active, int idle, int pending) {

  @Override
  public String toString() {
    return "total=%d, starting=%d, active=%d, idle=%d, pending=%d"
        .formatted(total, starting, active, idle, pending);
  }
}
