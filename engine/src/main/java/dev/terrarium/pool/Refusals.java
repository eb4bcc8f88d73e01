package dev.terrarium.pool;

import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.NestedCallException;

/** Why a borrower got no context, in words: what was waited for, the figures, and what to do. */
final class Refusals {

  private Refusals() {}

  static ClosedException closed() {
    return new ClosedException("This Terrarium is closed; start another one.");
  }

  static CallTimeoutException deadline(Waiter waiter, PoolStats figures) {
    return new CallTimeoutException(
        "The deadline of %s passed while the call of '%s' waited for a context (%s)."
            .formatted(waiter.deadline, waiter.name(), figures));
  }

  static BorrowTimeoutException borrow(Waiter waiter, PoolSettings settings, PoolStats figures) {
    return new BorrowTimeoutException(
        ("No context was free for '%s' within %s (%s). Raise the number of contexts or the borrow"
                + " time-out, or find the calls that hold them.")
            .formatted(waiter.name(), settings.borrowTimeout(), figures));
  }

  static LoadTimeoutException load(Waiter waiter, PoolSettings settings, PoolStats figures) {
    String what =
        figures.contexts().isEmpty()
            ? "The first context was not ready"
            : "Framework '" + waiter.name() + "' was not loaded";
    return new LoadTimeoutException(
        "%s within %s (%s). Loading goes on; call again later, or raise the load time-out."
            .formatted(what, settings.loadTimeout(), figures));
  }

  static NestedCallException nested(Waiter waiter, PoolStats figures) {
    return new NestedCallException(
        ("A call of '%s' from within a call needs another context, and to wait for one could last"
                + " for ever (%s). Raise the number of contexts.")
            .formatted(waiter.name(), figures));
  }
}
