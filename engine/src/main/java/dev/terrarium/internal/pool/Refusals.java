package dev.terrarium.internal.pool;

import dev.terrarium.Stats;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.NestedCallException;
import org.jspecify.annotations.Nullable;

/** Why a borrower got no context, in words: what was waited for, the figures, and what to do. */
final class Refusals {

  private static final double MEGABYTE = 1 << 20;

  private Refusals() {}

  static ClosedException closed() {
    return new ClosedException("This Terrarium is closed; start another one.");
  }

  static CallTimeoutException deadline(Waiter waiter, Stats.Pool figures) {
    return new CallTimeoutException(
        "The deadline of %s passed while the call of '%s' waited for a context (%s). %s"
            .formatted(waiter.deadline, called(waiter), figures, advice(figures)));
  }

  private static String called(Waiter waiter) {
    return waiter.command == null ? waiter.name() : waiter.name() + "." + waiter.command;
  }

  private static String advice(Stats.Pool figures) {
    return figures.starting() == 0
        ? "Give calls more time, or the pool more contexts."
        : "Contexts are still starting: wait for ready() or prewarm(...) before calls with a short"
            + " deadline.";
  }

  /**
   * @param memory why no further context may have its framework, or nothing
   */
  static BorrowTimeoutException borrow(
      Waiter waiter, PoolSettings settings, Stats.Pool figures, @Nullable String memory) {
    String advice =
        memory == null
            ? "Raise the number of contexts"
            : "No other may load it: " + memory + ". Raise TerrariumConfig.limits";
    return new BorrowTimeoutException(
        ("No context was free for '%s' within %s (%s). %s or the borrow time-out, or find the calls"
                + " that hold them.")
            .formatted(waiter.name(), Deadline.text(settings.borrowTimeout()), figures, advice));
  }

  /**
   * A framework's memory.
   *
   * @param taken in contexts
   * @param cost of one more
   * @param kept by models that it does not give up
   */
  static String memory(long taken, long cost, long kept, long limit) {
    return ("its memory limit of %.1f MB has no room for %.1f MB more, beside %.1f MB in contexts"
            + " and %.1f MB of models that it keeps")
        .formatted(limit / MEGABYTE, cost / MEGABYTE, taken / MEGABYTE, kept / MEGABYTE);
  }

  static LimitExceededException limit(Waiter waiter, String memory, Stats.Pool figures) {
    return new LimitExceededException(
        ("Framework '%s' is loaded in no further context: %s (%s). Raise TerrariumConfig.limits, or"
                + " use fewer contexts or models.")
            .formatted(waiter.name(), memory, figures));
  }

  static LoadTimeoutException load(Waiter waiter, PoolSettings settings, Stats.Pool figures) {
    String what =
        figures.contexts().isEmpty()
            ? "The first context was not ready"
            : "Framework '" + waiter.name() + "' was not loaded";
    return new LoadTimeoutException(
        "%s within %s (%s). Loading goes on; call again later, or raise the load time-out."
            .formatted(what, Deadline.text(settings.loadTimeout()), figures));
  }

  static NestedCallException nested(Waiter waiter, Stats.Pool figures) {
    return new NestedCallException(
        ("A call of '%s' from within a call needs another context, and to wait for one could last"
                + " for ever (%s). Raise the number of contexts.")
            .formatted(waiter.name(), figures));
  }
}
