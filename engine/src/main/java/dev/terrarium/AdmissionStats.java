package dev.terrarium;

/**
 * What admission to one framework looks like at one moment. Immutable.
 *
 * @param breaker its circuit breaker's state
 * @param running calls that hold a place in its bulkhead; 0 when it has none
 * @param queued callers that wait for one
 * @param rejected calls that were not let in since the start: refused, or gave up waiting
 */
public record AdmissionStats(BreakerState breaker, int running, int queued, long rejected) {

  /** What a circuit breaker does. */
  public enum BreakerState {
    /** There is none. */
    OFF,
    /** It lets calls in. */
    CLOSED,
    /** It refuses calls; after its time it stays so until the next one comes. */
    OPEN,
    /** It lets trial calls in. */
    HALF_OPEN
  }
}
