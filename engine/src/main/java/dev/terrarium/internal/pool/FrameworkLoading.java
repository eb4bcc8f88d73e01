package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The loading of frameworks in a pool's contexts: what makes room before a load, how long a load
 * may take, and whether the framework may keep what it took. Thread-safe, under the pool's lock,
 * which its methods take.
 */
final class FrameworkLoading {

  /** The shortest time after which a load is stopped, if that many load time-outs are shorter. */
  static final Duration LOAD_LIMIT = Duration.ofMinutes(2);

  private static final int LOAD_TIMEOUTS = 4;

  private final Duration limit;
  private final Timer timer;
  private final Events events;
  private final ContextRepair repair;
  private final PoolShutdown shutdown;
  private final Prewarmings prewarmings;
  private final PoolDecisions decisions;
  private final DecisionLock lock;

  @GuardedBy("lock")
  private final Roster roster;

  @GuardedBy("lock")
  private final MemoryBudget memory;

  /**
   * Creates the loading of one pool.
   *
   * @param loadTimeout how long a caller waits for a load, which goes on for longer
   */
  FrameworkLoading(
      Duration loadTimeout,
      Timer timer,
      Events events,
      Roster roster,
      MemoryBudget memory,
      ContextRepair repair,
      PoolShutdown shutdown,
      Prewarmings prewarmings,
      PoolDecisions decisions) {
    this.limit = limit(loadTimeout);
    this.timer = timer;
    this.events = events;
    this.lock = roster.lock;
    this.roster = roster;
    this.memory = memory;
    this.repair = repair;
    this.shutdown = shutdown;
    this.prewarmings = prewarmings;
    this.decisions = decisions;
  }

  /** Returns the time after which a load is stopped. */
  private static Duration limit(Duration loadTimeout) {
    long most = Long.MAX_VALUE / 2 / LOAD_TIMEOUTS; // so that the timer can count so far
    long timeout = Math.min(TimeUnit.NANOSECONDS.convert(loadTimeout), most);
    Duration limit = Duration.ofNanos(timeout * LOAD_TIMEOUTS);
    return limit.compareTo(LOAD_LIMIT) > 0 ? limit : LOAD_LIMIT;
  }

  /**
   * Loads the waiter's framework in a context that nobody has.
   *
   * @param dropped the frameworks that the context drops first
   */
  void load(PooledContext context, Waiter waiter, List<String> dropped) {
    lock.lock();
    try {
      context.become(ContextState.IN_USE);
      context.preparing = waiter.name();
      waiter.hasWork = true;
      dropped.forEach(context.frameworks::remove);
      lock.afterUnlock(memory.makingRoom(waiter));
      long begin = timer.nanoTime();
      lock.afterUnlock(() -> start(context, waiter, dropped, begin));
    } finally {
      lock.unlock();
    }
  }

  private void start(PooledContext context, Waiter waiter, List<String> dropped, long begin) {
    dropped.forEach(context.context::cleanUp);
    Execution<@Nullable Void> loading = context.context.prepare(waiter.framework, waiter.command);
    shutdown.runs(context, loading);
    Runnable cancel = timer.after(limit, () -> repair.stop(context, loading));
    loading.whenDone(
        (done, failure) -> {
          cancel.run();
          ended(context, waiter, failure, begin);
        });
  }

  private void ended(
      PooledContext context, Waiter waiter, @Nullable Throwable failure, long begin) {
    lock.lock();
    try {
      context.preparing = null;
      repair.ended(context);
      waiter.hasWork = false;
      roster.waitAnew(each -> each.name().equals(waiter.name()));
      long now = timer.nanoTime();
      roster.queues.restart(waiter.name(), now);
      if (failure != null) {
        decisions.notLoaded(context, waiter, exception(waiter, failure));
      } else {
        succeeded(context, waiter, now - begin);
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void succeeded(PooledContext context, Waiter waiter, long nanos) {
    context.used(waiter.framework);
    boolean loaded = context.has(waiter.name()); // if not, its bridge alone was attached
    if (loaded) {
      roster.loads++;
      roster.loadTimes.put(waiter.name(), nanos);
    }
    if (loaded && events.active()) {
      TerrariumEvent event =
          new TerrariumEvent.FrameworkLoaded(waiter.name(), context.name(), nanos);
      lock.afterUnlock(() -> events.emit(event));
    }
    if (loaded && !memory.allowsLoaded(context, waiter.name()) && !waiter.is(Waiter.Kind.NESTED)) {
      unload(context, waiter);
    } else {
      decisions.loaded(context, waiter);
    }
  }

  private RuntimeException exception(Waiter waiter, Throwable failure) {
    if (failure instanceof CancellationException && !shutdown.isClosed()) {
      return new FrameworkLoadException(
          "Framework '%s' had not loaded after %s and was stopped. Raise the load time-out if it needs longer."
              .formatted(waiter.name(), limit),
          failure);
    }
    return failure instanceof Error
        ? new FrameworkLoadException(
            "Framework '" + waiter.name() + "' could not be loaded: " + failure, failure)
        : Futures.unchecked(failure);
  }

  /**
   * Has a context drop a framework whose load took more than the framework's memory allows; other
   * contexts have that framework, too.
   */
  @GuardedBy("lock")
  private void unload(PooledContext context, Waiter waiter) {
    context.become(ContextState.SUSPECT);
    context.frameworks.remove(waiter.name());
    lock.afterUnlock(
        () -> {
          Execution<?> unloading = context.context.cleanUp(waiter.name());
          shutdown.runs(context, unloading);
          unloading.whenDone((done, failure) -> repair.check(context));
        });
    prewarmings.endFulfilled();
  }
}
