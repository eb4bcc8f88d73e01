package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.error.ClosedException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The end of a pool: it refuses what waits, parks contexts as they become free, waits for what runs
 * and at last stops that. Thread-safe, under the pool's lock, which its methods take.
 */
final class PoolShutdown {

  private static final Logger LOGGER = System.getLogger("terrarium.pool");

  private final Duration drainTimeout;
  private final Events events;
  private final Shortcuts shortcuts;
  private final PoolFigures figures;
  private final DecisionLock lock;

  @GuardedBy("lock")
  private final Roster roster;

  @GuardedBy("lock")
  private final List<CompletableFuture<@Nullable Void>> parking = new ArrayList<>();

  /** Completes when the pool is closed, no context is being made and none is left. */
  private final CompletableFuture<@Nullable Void> quiet = new CompletableFuture<>();

  /** Written under the lock. */
  private volatile boolean closed;

  private volatile boolean stopping;

  /**
   * Creates the shutdown of one pool, which is open.
   *
   * @param drainTimeout how long closing waits for running calls before it stops them
   */
  PoolShutdown(
      Duration drainTimeout,
      Events events,
      Shortcuts shortcuts,
      PoolFigures figures,
      Roster roster) {
    this.drainTimeout = drainTimeout;
    this.events = events;
    this.shortcuts = shortcuts;
    this.figures = figures;
    this.lock = roster.lock;
    this.roster = roster;
  }

  /** Returns whether the pool is closed; under the lock, its waiters have been refused then. */
  boolean isClosed() {
    return closed;
  }

  /**
   * Throws when the pool is closed.
   *
   * @throws ClosedException when it is
   */
  void checkOpen() {
    if (closed) {
      throw Refusals.closed();
    }
  }

  /** Closes the pool: refuses its waiters, and parks its idle contexts. */
  void begin() {
    lock.lock();
    try {
      closed = true;
      for (Waiter waiter : List.copyOf(roster.waiters)) {
        roster.refuse(waiter, Refusals.closed());
      }
      for (PooledContext context : List.copyOf(roster.idle)) {
        park(context);
      }
      roster.idle.clear();
      checkQuiet();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for running calls within the drain time-out, and stops the rest. */
  void drain() {
    boolean drained = false;
    try {
      drained = isQuietWithin(drainTimeout);
    } finally { // also when interrupted: who interrupts does not want to wait longer
      if (!drained) {
        stopAll();
      }
    }
    if (!drained && !isQuietWithin(ContextRepair.GRACE.multipliedBy(2))) {
      LOGGER.log(
          Level.WARNING,
          "Calls still ran "
              + drainTimeout
              + " after close(), and have not stopped ("
              + figures.now()
              + "). Their contexts are parked when they do.");
    }
  }

  /** Takes a context out of the pool, and parks it. */
  void park(PooledContext context) {
    lock.lock();
    try {
      context.to(ContextState.PARKED);
      roster.contexts.remove(context);
      CompletableFuture<@Nullable Void> parked = new CompletableFuture<>();
      parking.add(parked);
      parking.removeIf(CompletableFuture::isDone);
      lock.afterUnlock(() -> park(context, parked));
      checkQuiet();
    } finally {
      lock.unlock();
    }
  }

  private void park(PooledContext context, CompletableFuture<@Nullable Void> parked) {
    CompletableFuture<?> unused =
        context
            .context
            .park()
            .whenComplete(
                (done, failure) -> {
                  if (events.active()) {
                    events.emit(new TerrariumEvent.ContextParked(context.name()));
                  }
                  parked.complete(null);
                });
  }

  /** Records the work that runs in a context, so that closing can stop it. */
  void runs(PooledContext context, Execution<?> work) {
    context.running = work;
    if (stopping) { // it came too late to be seen by stopAll
      work.interrupt();
    }
  }

  private void stopAll() {
    stopping = true;
    shortcuts.stop();
    lock.lock();
    try {
      for (PooledContext context : roster.contexts) {
        Execution<?> running = context.running;
        if (running != null) {
          lock.afterUnlock(running::interrupt);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the pool becomes quiet in time; an interruption ends the wait. */
  private boolean isQuietWithin(Duration timeout) {
    CompletableFuture<String> parked =
        quiet.thenCompose(done -> allParked()).thenApply(done -> "parked");
    return Futures.isDoneWithin(
        shortcuts.over().thenCombine(parked, (over, done) -> done),
        timeout,
        "running calls to end");
  }

  private CompletableFuture<@Nullable Void> allParked() {
    lock.lock();
    try {
      return CompletableFuture.allOf(parking.toArray(CompletableFuture[]::new));
    } finally {
      lock.unlock();
    }
  }

  /** Takes note that a context has left the pool, or that one less is being made. */
  void checkQuiet() {
    lock.lock();
    try {
      if (closed && roster.starting == 0 && roster.contexts.isEmpty()) {
        lock.afterUnlock(() -> quiet.complete(null));
      }
    } finally {
      lock.unlock();
    }
  }
}
