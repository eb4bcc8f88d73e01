package dev.terrarium;

import java.util.EnumSet;
import java.util.Set;

/**
 * Where a context is in its life. {@code docs/CONCURRENCY.md} draws it; each step is taken under
 * the pool's lock and no other step is possible.
 */
public enum ContextState {
  /** Idle, and no framework is loaded. */
  FRESH,
  /** Idle, with one framework or several. */
  WARM,
  /** With a lease, or loading a framework. */
  IN_USE,
  /** Nobody's until it is known to be sound: being checked or put back, or not stopped yet. */
  SUSPECT,
  /** Its work has not stopped for so long that its thread is counted as lost. */
  ABANDONED,
  /** Out of the pool, sound: the next start in this process may take it. */
  PARKED,
  /** Out of the pool for good. */
  RETIRED;

  /** The states that may follow. */
  Set<ContextState> next() {
    return switch (this) {
      case FRESH, WARM -> EnumSet.of(IN_USE, PARKED);
      case IN_USE -> EnumSet.of(FRESH, WARM, SUSPECT, PARKED, RETIRED);
      case SUSPECT -> EnumSet.of(FRESH, WARM, IN_USE, ABANDONED, PARKED, RETIRED);
      case ABANDONED -> EnumSet.of(SUSPECT);
      case PARKED, RETIRED -> EnumSet.noneOf(ContextState.class);
    };
  }
}
