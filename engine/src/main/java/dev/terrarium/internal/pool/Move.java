package dev.terrarium.internal.pool;

import java.util.List;

/** A step that serves a waiter. Immutable, and only valid until the pool's state changes. */
sealed interface Move {

  /** The assignment of an idle context that is ready for the waiter. */
  record Assign(PooledContext context) implements Move {}

  /**
   * A load of the waiter's framework in an idle context, beside the frameworks that this has.
   *
   * @param expands whether the reason is a queue that has stood for long enough
   */
  record LoadBeside(PooledContext context, boolean expands) implements Move {}

  /** A load of the waiter's framework in an idle context, which first drops other frameworks. */
  record ReplaceFrameworks(PooledContext context, List<String> dropped) implements Move {}

  /** The making of a context of the waiter's profile. */
  record MakeContext() implements Move {}

  /** The parking of an idle context of another profile, to make one of the waiter's profile. */
  record ReplaceContext(PooledContext context) implements Move {}

  /** No step, since work for the waiter is under way, or none is possible. */
  record Wait() implements Move {}
}
