package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.Stats;
import dev.terrarium.internal.lock.DecisionLock;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

/** The figures of a pool, and what its contexts hold on the heap. Thread-safe. */
final class PoolFigures {

  private final ContextRepair repair;
  private final DecisionLock lock;

  @GuardedBy("lock")
  private final Roster roster;

  PoolFigures(Roster roster, ContextRepair repair) {
    this.lock = roster.lock;
    this.roster = roster;
    this.repair = repair;
  }

  /** Returns the present figures. */
  Stats.Pool now() {
    lock.lock();
    try {
      Set<PooledContext> ordered = new LinkedHashSet<>(roster.idle);
      ordered.addAll(roster.contexts);
      ContextRepair.Counts counts = repair.counts();
      return new Stats.Pool(
          roster.starting,
          roster.waiters.size(),
          ordered.stream().map(PooledContext::stats).toList(),
          Map.copyOf(roster.pending),
          roster.made,
          roster.loads,
          counts.restored(),
          counts.recycled(),
          counts.retired());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Measures each context when the work that runs in it has ended.
   *
   * @return what they hold on the heap, by name, without those that could not be measured
   */
  CompletableFuture<Map<String, Long>> measure() {
    List<PooledContext> there;
    lock.lock();
    try {
      there = roster.contexts.stream().filter(context -> !context.stuck).toList();
    } finally {
      lock.unlock();
    }
    Map<String, Long> held = new ConcurrentHashMap<>();
    return CompletableFuture.allOf(
            there.stream().map(context -> measure(context, held)).toArray(CompletableFuture[]::new))
        .thenApply(done -> Map.copyOf(held));
  }

  private static CompletableFuture<?> measure(PooledContext context, Map<String, Long> held) {
    try {
      return context
          .context
          .measure()
          .result()
          .handle(
              (bytes, failure) -> {
                if (failure == null) {
                  bytes.ifPresent(number -> held.put(context.name(), number));
                }
                return held;
              });
    } catch (RejectedExecutionException e) { // it was closed meanwhile
      return CompletableFuture.completedFuture(held);
    }
  }
}
