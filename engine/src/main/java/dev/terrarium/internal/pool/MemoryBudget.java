package dev.terrarium.internal.pool;

import java.util.HashMap;
import java.util.Map;

/**
 * The rule for whether a framework's memory allows one context more to have it. What a context
 * takes is known from the first load on: the most that a load of the framework took so far. The
 * first context is never refused, since a framework needs one. Guarded by the pool's lock.
 */
final class MemoryBudget {

  private final MemoryLimit limit;
  private final Roster roster;
  private final Map<String, Long> costs = new HashMap<>();

  MemoryBudget(MemoryLimit limit, Roster roster) {
    this.limit = limit;
    this.roster = roster;
  }

  /**
   * Returns whether the waiter's framework may be loaded in one more context than have or load it.
   */
  boolean allows(Waiter waiter) {
    String framework = waiter.name();
    Long cost = costs.get(framework);
    return cost == null
        || roster.needsNoLoad(waiter)
        || !isServed(framework)
        || taken(framework) + cost <= left(framework);
  }

  /**
   * Returns the effect that makes room for the waiter's load, which is under way; to be run without
   * the lock.
   */
  Runnable makingRoom(Waiter waiter) {
    if (roster.needsNoLoad(waiter)) {
      return () -> {};
    }
    long planned = taken(waiter.name());
    return () -> limit.makeRoom(waiter.name(), planned);
  }

  /** Records what a load took, and returns whether the framework may keep it. */
  boolean allowsLoaded(PooledContext context, String framework) {
    costs.merge(framework, context.context.heapOf(framework).bytes(), Math::max);
    boolean others =
        roster.contexts.stream().anyMatch(each -> each != context && each.has(framework));
    return !others || taken(framework) <= left(framework);
  }

  /** Returns the figures of a framework whose memory allows no further context. */
  String figures(String framework) {
    return Refusals.memory(
        taken(framework),
        costs.getOrDefault(framework, 0L),
        limit.kept(framework),
        limit.bytes(framework));
  }

  /** Returns what the framework takes in contexts, with what is being loaded now. */
  private long taken(String framework) {
    long cost = costs.getOrDefault(framework, 0L);
    long taken = 0;
    for (PooledContext context : roster.contexts) {
      long bytes = context.context.heapOf(framework).bytes();
      taken += framework.equals(context.preparing) ? Math.max(bytes, cost) : bytes;
    }
    return taken;
  }

  private long left(String framework) {
    return limit.bytes(framework) - limit.kept(framework);
  }

  private boolean isServed(String framework) {
    return roster.contexts.stream()
        .anyMatch(
            context ->
                context.has(framework) || (!context.stuck && framework.equals(context.preparing)));
  }
}
