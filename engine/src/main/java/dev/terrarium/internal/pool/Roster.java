package dev.terrarium.internal.pool;

import dev.terrarium.internal.lock.DecisionLock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The state of a pool: its contexts, its queue, and the questions that {@link Placement} asks about
 * them. Guarded by its lock, which is the pool's.
 */
final class Roster {

  /** The contexts that are neither parked nor retired. */
  final Set<PooledContext> contexts = new LinkedHashSet<>();

  /** The idle contexts, least recently used first. */
  final Deque<PooledContext> idle = new ArrayDeque<>();

  /** The queue, in the order in which the waiters came. */
  final Set<Waiter> waiters = new LinkedHashSet<>();

  /** The number of waiters, by framework. */
  final Map<String, Integer> pending = new TreeMap<>();

  /** For how long borrowers have been waiting. */
  final StandingQueues queues = new StandingQueues();

  /** How long the last load of each framework took, in nanoseconds. */
  final Map<String, Long> loadTimes = new HashMap<>();

  /** The number of contexts that were made so far. */
  long made;

  /** The number of frameworks that were loaded so far, in all contexts. */
  long loads;

  /** The number of contexts that are being made. */
  int starting;

  /** The time from which one more context may be made, after one could not be made. */
  long retryAt;

  /** The pool's lock. */
  final DecisionLock lock = new DecisionLock(System.getLogger("terrarium.pool"));

  private final Timer timer;
  private int prewarmings;

  Roster(Timer timer) {
    this.timer = timer;
  }

  void join(Waiter waiter) {
    assert lock.isHeldByCurrentThread();
    waiters.add(waiter);
    pending.merge(waiter.name(), 1, Integer::sum);
    prewarmings += waiter.is(Waiter.Kind.PREWARMING) ? 1 : 0;
    if (waiter.is(Waiter.Kind.BORROWER)) {
      queues.join(waiter.name(), timer.nanoTime());
    }
  }

  void leave(Waiter waiter) {
    assert lock.isHeldByCurrentThread();
    if (waiters.remove(waiter)) {
      pending.merge(waiter.name(), -1, (count, one) -> count == 1 ? null : count + one);
      prewarmings -= waiter.is(Waiter.Kind.PREWARMING) ? 1 : 0;
      if (waiter.is(Waiter.Kind.BORROWER)) {
        queues.leave(waiter.name(), timer.nanoTime());
      }
    }
  }

  /** Removes a waiter from the queue, which fails. */
  void refuse(Waiter waiter, RuntimeException failure) {
    leave(waiter);
    waiter.fail(failure);
    lock.afterUnlock(() -> waiter.prewarmed.completeExceptionally(failure));
  }

  /**
   * Restarts the borrow time-out of the waiters of a kind, since what they waited for was made or
   * loaded.
   */
  void waitAnew(Predicate<Waiter> kind) {
    assert lock.isHeldByCurrentThread();
    long now = timer.nanoTime();
    for (Waiter waiter : waiters) {
      if (kind.test(waiter)) {
        waiter.waitingSince = now;
        waiter.wake();
      }
    }
  }

  boolean hasPrewarmings() {
    return prewarmings > 0;
  }

  /** Returns the least recently used idle context of a kind. */
  @Nullable PooledContext leastRecentlyUsed(Predicate<PooledContext> kind) {
    for (PooledContext context : idle) {
      if (kind.test(context)) {
        return context;
      }
    }
    return null;
  }

  /** Returns the most recently used idle context of a kind. */
  @Nullable PooledContext mostRecentlyUsed(Predicate<PooledContext> kind) {
    for (Iterator<PooledContext> each = idle.descendingIterator(); each.hasNext(); ) {
      PooledContext context = each.next();
      if (kind.test(context)) {
        return context;
      }
    }
    return null;
  }

  /** Returns whether other contexts have all frameworks that this one has. */
  boolean isSpare(PooledContext context) {
    return context.frameworks.keySet().stream()
        .allMatch(name -> contexts.stream().anyMatch(each -> each != context && each.has(name)));
  }

  /** Returns how many contexts have the framework loaded. */
  long ready(String framework) {
    return contexts.stream().filter(context -> context.has(framework)).count();
  }

  /** Returns how many contexts are loading the framework. */
  long loading(String framework) {
    return contexts.stream().filter(context -> framework.equals(context.preparing)).count();
  }

  int total() {
    return starting + contexts.size();
  }

  long serving() {
    return contexts.stream().filter(context -> !context.stuck).count();
  }

  /**
   * Returns whether fewer contexts are being made ready for the waiter's framework than are waited
   * for.
   */
  boolean isInDemand(Waiter waiter) {
    String name = waiter.name();
    return switch (waiter.kind) {
      case BORROWER -> loading(name) < pending.getOrDefault(name, 0);
      case NESTED -> true;
      case PREWARMING -> ready(name) + loading(name) < waiter.goal;
    };
  }

  /** Returns whether the waiter's command is known to need no load. */
  boolean needsNoLoad(Waiter waiter) {
    String command = waiter.command;
    return command != null
        && contexts.stream()
            .anyMatch(context -> context.context.needsNoLoad(waiter.name(), command));
  }

  /** Returns whether no context that serves has the waiter's profile. */
  boolean noneFits(Waiter waiter) {
    return contexts.stream().noneMatch(context -> !context.stuck && context.fits(waiter));
  }

  /**
   * Returns whether the waiter waits for a load: its own, one of its framework when no context has
   * that, or one that will serve it at its place in the queue, for whichever waiter that load was
   * started.
   */
  boolean isLoadingFor(Waiter waiter) {
    if (waiter.hasWork || (starting > 0 && contexts.isEmpty())) {
      return true;
    }
    long loading = loading(waiter.name());
    return loading > 0
        && (before(waiter) < loading
            || contexts.stream()
                .noneMatch(context -> !context.stuck && context.isReadyFor(waiter)));
  }

  /** Returns how many waiters of the same framework came before. */
  private long before(Waiter waiter) {
    return waiters.stream()
        .takeWhile(each -> each != waiter)
        .filter(each -> each.name().equals(waiter.name()))
        .count();
  }
}
