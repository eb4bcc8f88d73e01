package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.lock.DecisionLock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The waiters of a pool that want a number of contexts to have a framework, and leave the contexts
 * to others. Thread-safe, under the pool's lock, which its methods take.
 */
final class Prewarmings {

  private final int max;
  private final Timer timer;
  private final PoolFigures figures;
  private final PoolShutdown shutdown;
  private final PoolDecisions decisions;
  private final DecisionLock lock;

  @GuardedBy("lock")
  private final Roster roster;

  @GuardedBy("lock")
  private final MemoryBudget memory;

  /**
   * Creates the prewarmings of one pool.
   *
   * @param max contexts that serve at most
   */
  Prewarmings(
      int max,
      Timer timer,
      Roster roster,
      MemoryBudget memory,
      PoolFigures figures,
      PoolShutdown shutdown,
      PoolDecisions decisions) {
    this.max = max;
    this.timer = timer;
    this.lock = roster.lock;
    this.roster = roster;
    this.memory = memory;
    this.figures = figures;
    this.shutdown = shutdown;
    this.decisions = decisions;
  }

  /**
   * Has the given number of contexts load a framework.
   *
   * @return done when they all have it; failed with a {@link LimitExceededException} when the
   *     framework's memory does not allow for as many
   * @throws ConfigurationException when the pool may not have as many contexts
   */
  CompletableFuture<@Nullable Void> start(BridgeSource framework, int count) {
    if (count < 1 || count > max) {
      throw new ConfigurationException(
          "prewarm: "
              + count
              + " contexts is not 1 to "
              + max
              + ", which TerrariumConfig.contexts says; raise it for more.");
    }
    List<CompletableFuture<@Nullable Void>> prewarmed = new ArrayList<>();
    lock.lock();
    try {
      shutdown.checkOpen();
      for (long goal = roster.ready(framework.name()) + 1; goal <= count; goal++) {
        Waiter waiter =
            new Waiter(
                framework, null, Waiter.Kind.PREWARMING, Deadline.none(), timer.nanoTime(), null);
        waiter.goal = goal;
        prewarmed.add(waiter.prewarmed);
        roster.join(waiter);
        decisions.startWork(waiter);
      }
      endFulfilled();
    } finally {
      lock.unlock();
    }
    return CompletableFuture.allOf(prewarmed.toArray(CompletableFuture[]::new));
  }

  /** Ends the prewarmings that have as many contexts as they want, or as memory allows. */
  void endFulfilled() {
    lock.lock();
    try {
      if (!roster.hasPrewarmings()) {
        return;
      }
      for (Waiter waiter : List.copyOf(roster.waiters)) {
        if (waiter.is(Waiter.Kind.PREWARMING) && roster.ready(waiter.name()) >= waiter.goal) {
          end(waiter);
        } else if (waiter.is(Waiter.Kind.PREWARMING)
            && !waiter.hasWork
            && roster.isInDemand(waiter)
            && !memory.allows(waiter)) {
          roster.refuse(
              waiter, Refusals.limit(waiter, memory.figures(waiter.name()), figures.now()));
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends a prewarming that got what it wanted. */
  void end(Waiter waiter) {
    lock.lock();
    try {
      roster.leave(waiter);
      lock.afterUnlock(() -> waiter.prewarmed.complete(null));
    } finally {
      lock.unlock();
    }
  }
}
