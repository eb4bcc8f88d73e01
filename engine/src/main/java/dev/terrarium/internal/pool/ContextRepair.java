package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.ResetCause;
import dev.terrarium.event.TerrariumEvent.RetireCause;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/**
 * What becomes of a context that may not be sound: it is checked, reset or retired, and set aside
 * for as long as its work does not stop. A sound context returns to the pool, which decides who
 * gets it. Thread-safe, under the pool's lock, which its methods take.
 */
final class ContextRepair {

  /** How many contexts met with what. */
  record Counts(long restored, long recycled, long retired) {}

  /** One attempt to make a context sound. */
  private record Attempt(
      PooledContext context,
      Supplier<Execution<HealthStatus>> work,
      ResetCause cause,
      long begin) {}

  /** How long work may take to stop before its context counts as one that does not serve. */
  static final Duration GRACE = Duration.ofMillis(100);

  /** How long a check of a context may take. */
  static final Duration CHECK_LIMIT = Duration.ofSeconds(10);

  /** How long work that was stopped may go on before its thread is counted as lost. */
  static final Duration ABANDON_AFTER = Duration.ofMinutes(1);

  private static final Logger LOGGER = System.getLogger("terrarium.pool");

  private final DecisionLock lock;
  private final Timer timer;
  private final Events events;
  private final PoolDecisions decisions;

  @GuardedBy("lock")
  private final Roster roster;

  @GuardedBy("lock")
  private long restored;

  @GuardedBy("lock")
  private long recycled;

  @GuardedBy("lock")
  private long retired;

  ContextRepair(Roster roster, Timer timer, Events events, PoolDecisions decisions) {
    this.lock = roster.lock;
    this.roster = roster;
    this.timer = timer;
    this.events = events;
    this.decisions = decisions;
  }

  /** Has a context checked and restored, and then offered. */
  void check(PooledContext context) {
    lock.lock();
    try {
      attempt(context, context.context::check, ResetCause.RESTORED, true);
    } finally {
      lock.unlock();
    }
  }

  /** Has a context drop all frameworks, and then checked, restored and offered. */
  void reset(PooledContext context, ResetCause cause) {
    lock.lock();
    try {
      recycled++;
      context.recycled(timer.nanoTime());
      attempt(context, context.context::reset, cause, true);
      decisions.makeUpFor(context.context.profile());
    } finally {
      lock.unlock();
    }
  }

  /** Gives up a context for good. */
  void retire(PooledContext context, RetireCause cause) {
    lock.lock();
    try {
      context.to(ContextState.RETIRED);
      roster.contexts.remove(context);
      retired++;
      lock.afterUnlock(
          () -> {
            LOGGER.log(
                Level.WARNING,
                context.name() + " is broken beyond repair and is given up for good.");
            context.context.retire();
          });
      report(new TerrariumEvent.ContextRetired(context.name(), cause));
      decisions.makeUpFor(context.context.profile());
    } finally {
      lock.unlock();
    }
  }

  /** Stops work; when it does not stop, another context takes its context's place until it does. */
  void stop(PooledContext context, Execution<?> work) {
    work.interrupt();
    Runnable cancel = timer.after(GRACE, () -> quarantine(context, work));
    work.whenDone((result, failure) -> cancel.run());
  }

  /** Takes note that the work in a context has ended, though it may have been stuck. */
  void ended(PooledContext context) {
    assert lock.isHeldByCurrentThread();
    context.running = null;
    context.stuck = false;
    if (context.state() == ContextState.ABANDONED) {
      context.to(ContextState.SUSPECT);
    }
  }

  /** Returns how many contexts were restored, reset and retired so far. */
  Counts counts() {
    lock.lock();
    try {
      return new Counts(restored, recycled, retired);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has a context made sound; once more when the work had to be stopped, since that also stops the
   * threads which a call left and which kept the first attempt from running.
   */
  @GuardedBy("lock")
  private void attempt(
      PooledContext context,
      Supplier<Execution<HealthStatus>> work,
      ResetCause cause,
      boolean again) {
    context.become(ContextState.SUSPECT);
    long begin = events.active() ? timer.nanoTime() : 0;
    Attempt attempt = new Attempt(context, work, cause, begin);
    lock.afterUnlock(() -> start(attempt, again));
  }

  private void start(Attempt attempt, boolean again) {
    Execution<HealthStatus> work = attempt.work.get(); // closing does not stop it: it ends in time
    Runnable cancel =
        timer.after(
            CHECK_LIMIT,
            () -> {
              work.interrupt();
              quarantine(attempt.context, work);
            });
    work.whenDone(
        (found, failure) -> {
          cancel.run();
          lock.lock();
          try {
            ended(attempt.context);
            if (again && failure instanceof CancellationException) {
              attempt(attempt.context, attempt.work, attempt.cause, false);
            } else if (failure != null) {
              retire(attempt.context, RetireCause.CHECK_FAILED);
            } else if (found == HealthStatus.BROKEN) {
              retire(attempt.context, RetireCause.BEYOND_REPAIR);
            } else {
              succeeded(attempt, found == HealthStatus.RESTORED);
            }
          } finally {
            lock.unlock();
          }
        });
  }

  @GuardedBy("lock")
  private void succeeded(Attempt attempt, boolean wasRestored) {
    PooledContext context = attempt.context;
    restored += wasRestored ? 1 : 0;
    if (wasRestored || attempt.cause != ResetCause.RESTORED) {
      long nanos = timer.nanoTime() - attempt.begin;
      report(new TerrariumEvent.ContextReset(context.name(), attempt.cause, nanos));
    }
    context.frameworks.keySet().removeIf(name -> !context.context.isAttached(name));
    decisions.offer(context);
  }

  private void quarantine(PooledContext context, Execution<?> work) {
    lock.lock();
    try {
      if (work.result().isDone() || context.stuck || !roster.contexts.contains(context)) {
        return;
      }
      context.become(ContextState.SUSPECT);
      context.stuck = true;
      timer.after(ABANDON_AFTER, () -> abandon(context, work));
      decisions.makeUpFor(context.context.profile());
    } finally {
      lock.unlock();
    }
  }

  private void abandon(PooledContext context, Execution<?> work) {
    lock.lock();
    try {
      if (work.result().isDone() || context.state() != ContextState.SUSPECT) {
        return;
      }
      context.to(ContextState.ABANDONED);
      report(new TerrariumEvent.ContextAbandoned(context.name()));
      lock.afterUnlock(
          () ->
              LOGGER.log(
                  Level.WARNING,
                  "What runs in "
                      + context.name()
                      + " has not stopped for "
                      + ABANDON_AFTER
                      + "; its thread is counted as lost."));
    } finally {
      lock.unlock();
    }
  }

  /** Has an event reported to observers, after the lock is released. */
  private void report(TerrariumEvent event) {
    if (events.active()) {
      lock.afterUnlock(() -> events.emit(event));
    }
  }
}
