package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.AccessProfile;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.context.ContextFactory;
import dev.terrarium.internal.context.PythonContext;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The making of a pool's contexts, on threads of its own, and the count of those that exist or are
 * being made. When none can be made it waits for a time before it tries again. Thread-safe, under
 * the pool's lock, which its methods take.
 */
final class ContextMaking {

  /** How long after a context could not be made another one is tried beside those there are. */
  static final Duration RETRY_AFTER = Duration.ofSeconds(30);

  private static final Logger LOGGER = System.getLogger("terrarium.pool");

  private final ContextFactory factory;
  private final int min;
  private final Executor makers;
  private final Timer timer;
  private final Events events;
  private final PoolDecisions decisions;
  private final DecisionLock lock;

  @GuardedBy("lock")
  private final Roster roster;

  private final CompletableFuture<@Nullable Void> ready = new CompletableFuture<>();

  /**
   * Creates the making of one pool's contexts.
   *
   * @param min contexts that are made at the start
   * @param makers runs the making of contexts, which blocks
   */
  ContextMaking(
      ContextFactory factory,
      int min,
      Executor makers,
      Timer timer,
      Events events,
      Roster roster,
      PoolDecisions decisions) {
    this.factory = factory;
    this.min = min;
    this.makers = makers;
    this.timer = timer;
    this.events = events;
    this.lock = roster.lock;
    this.roster = roster;
    this.decisions = decisions;
  }

  /** Starts making the minimum of contexts. */
  void start(AccessProfile profile) {
    lock.lock();
    try {
      roster.retryAt = timer.nanoTime();
      while (roster.starting < min) {
        make(profile, null);
      }
      if (roster.starting == 0) {
        ready.complete(null);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes a context.
   *
   * @param waiter the waiter for which the context is made; null for the minimum
   */
  void make(AccessProfile profile, @Nullable Waiter waiter) {
    lock.lock();
    try {
      roster.starting++;
      if (waiter != null) {
        waiter.hasWork = true;
      }
      lock.afterUnlock(() -> startMaking(profile, waiter));
    } finally {
      lock.unlock();
    }
  }

  private void startMaking(AccessProfile profile, @Nullable Waiter waiter) {
    try {
      makers.execute(() -> makeNow(profile, waiter));
    } catch (RuntimeException | Error e) { // such as no thread being left
      ended(
          profile, null, new IllegalStateException("A context could not be made: " + e, e), waiter);
    }
  }

  private void makeNow(AccessProfile profile, @Nullable Waiter waiter) {
    PythonContext context = null;
    RuntimeException failure = null;
    try {
      long begin = events.active() ? timer.nanoTime() : 0;
      context = factory.create(profile, waiter == null ? null : waiter.framework.packageSet());
      if (events.active()) {
        events.emit(new TerrariumEvent.ContextCreated(context.name(), timer.nanoTime() - begin));
      }
    } catch (RuntimeException e) {
      failure = e;
    } catch (Error e) {
      failure = new IllegalStateException("A context could not be made: " + e, e);
    }
    ended(profile, context, failure, waiter);
  }

  private void ended(
      AccessProfile profile,
      @Nullable PythonContext context,
      @Nullable RuntimeException failure,
      @Nullable Waiter waiter) {
    lock.lock();
    try {
      roster.starting--;
      if (waiter != null) {
        waiter.hasWork = false;
      }
      if (context != null) {
        succeeded(context, waiter);
      } else if (failure != null) {
        failed(profile, failure, waiter);
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void succeeded(PythonContext context, @Nullable Waiter waiter) {
    roster.made++;
    PooledContext pooled =
        new PooledContext(context, timer.nanoTime(), ThreadLocalRandom.current().nextDouble());
    boolean first = roster.contexts.isEmpty();
    roster.contexts.add(pooled);
    roster.waitAnew(each -> first || each.equals(waiter));
    if (roster.starting == 0 || roster.contexts.size() >= min) {
      completeReady();
    }
    decisions.made(pooled, waiter);
  }

  /**
   * Has the pool continue with the contexts that it has, and try again later. Waiters that no
   * context can serve fail.
   */
  @GuardedBy("lock")
  private void failed(AccessProfile profile, RuntimeException failure, @Nullable Waiter waiter) {
    roster.retryAt = timer.nanoTime() + TimeUnit.NANOSECONDS.convert(RETRY_AFTER);
    if (roster.contexts.isEmpty() && roster.starting == 0) {
      for (Waiter each : List.copyOf(roster.waiters)) {
        roster.refuse(each, failure);
      }
      lock.afterUnlock(() -> ready.completeExceptionally(failure));
    } else {
      if (roster.starting == 0) {
        completeReady();
      }
      lock.afterUnlock(() -> timer.after(RETRY_AFTER, () -> decisions.makeUpFor(profile)));
      lock.afterUnlock(
          () ->
              LOGGER.log(
                  Level.WARNING,
                  "A context could not be made; the pool goes on without it",
                  failure));
    }
    decisions.notMade(failure, waiter);
  }

  /**
   * Returns a future that completes when the minimum of contexts is there, or as many of these as
   * could be made; it fails when none could.
   */
  CompletableFuture<@Nullable Void> ready() {
    return ready.copy();
  }

  /** Completes {@link #ready}, unless the pool is closed and it is about to fail. */
  @GuardedBy("lock")
  private void completeReady() {
    if (!decisions.isClosed()) {
      lock.afterUnlock(() -> ready.complete(null));
    }
  }

  /** Has whoever waits for the minimum of contexts fail, since the pool is closed. */
  void close() {
    lock.lock();
    try {
      lock.afterUnlock(() -> ready.completeExceptionally(Refusals.closed()));
    } finally {
      lock.unlock();
    }
  }
}
