package dev.terrarium.internal.pool;

import dev.terrarium.Stats.ContextState;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rule by which waiters get contexts. It reads the roster and changes nothing, and it is the
 * same rule for a waiter that comes and for a context that becomes free: such a context is idle
 * first, and the rule then answers for each waiter in the order of the queue. Guarded by the pool's
 * lock.
 *
 * <p>In this order: an idle context that is ready; loading in a bare idle context; making a
 * context; loading in an idle context that others use, or replacing one, if the waiter may do that;
 * loading in an idle context that no call has used for a time, when the waiter's queue has stood.
 */
final class Placement {

  /** The share of the borrow time-out for which a queue must stand, at most, to be worth a load. */
  private static final int STANDING = 10;

  /** The share of the borrow time-out for which a queue must stand, at least. */
  private static final int STANDING_AT_LEAST = 100;

  private static final Move MAKE = new Move.MakeContext();
  private static final Move WAIT = new Move.Wait();

  private final Roster roster;
  private final MemoryBudget memory;
  private final PoolSettings settings;
  private final Timer timer;
  private final BooleanSupplier room;

  /**
   * @param room whether memory allows one framework more in a context that has some
   */
  Placement(
      Roster roster,
      MemoryBudget memory,
      PoolSettings settings,
      Timer timer,
      BooleanSupplier room) {
    this.roster = roster;
    this.memory = memory;
    this.settings = settings;
    this.timer = timer;
    this.room = room;
  }

  /** Chooses what is to be done for a waiter that is in the queue. */
  Move move(Waiter waiter) {
    PooledContext ready = ready(waiter);
    if (ready != null) {
      return new Move.Assign(ready);
    }
    if (!isWorkMissing(waiter)) {
      return WAIT;
    }
    PooledContext bare = roster.leastRecentlyUsed(each -> each.fits(waiter) && each.isBare());
    if (bare != null) {
      return load(bare, waiter);
    }
    if (mayMakeOneMore()) {
      return MAKE;
    }
    return mayTakeFromOthers(waiter) ? takeFromOthers(waiter) : expand(waiter);
  }

  /**
   * Returns the most recently used idle context that is ready for the waiter; none for a
   * prewarming, which leaves what is ready to others.
   */
  @Nullable PooledContext ready(Waiter waiter) {
    return waiter.is(Waiter.Kind.PREWARMING)
        ? null
        : roster.mostRecentlyUsed(context -> context.isReadyFor(waiter));
  }

  /** Returns how a context that no waiter has is made ready for the waiter. */
  Move load(PooledContext context, Waiter waiter) {
    boolean roomy =
        roster.needsNoLoad(waiter) || room.getAsBoolean(); // a bridge alone needs no room
    List<String> dropped = context.toDropFor(waiter.framework, roomy);
    return dropped.isEmpty()
        ? new Move.LoadBeside(context, false)
        : new Move.ReplaceFrameworks(context, dropped);
  }

  /** Returns whether the pool may have one more context than it has and makes. */
  boolean mayMakeOneMore() {
    return roster.starting + roster.serving() < settings.max()
        && roster.total() < 2 * settings.max()
        && (roster.total() == 0 || timer.nanoTime() - roster.retryAt >= 0);
  }

  /** Returns whether some waiter could get work: without that there is no need to ask for moves. */
  boolean isWorkPossible() {
    return !roster.waiters.isEmpty() && (!roster.idle.isEmpty() || mayMakeOneMore());
  }

  /**
   * Returns the nanoseconds until the waiter's framework may be loaded beside other frameworks in
   * an idle context, since its queue stands; the largest long when there is no such context.
   */
  long untilExpansion(Waiter waiter, long now) {
    if (!waiter.is(Waiter.Kind.BORROWER) || waiter.hasWork) {
      return Long.MAX_VALUE;
    }
    long needed = standingFor(waiter.name());
    long unused = Long.MAX_VALUE;
    for (PooledContext each : roster.idle) {
      if (couldLoadBeside(each, waiter)) {
        unused = Math.min(unused, needed - (now - each.usedAt));
      }
    }
    return Math.max(needed - roster.queues.stood(waiter.name(), now), unused);
  }

  /**
   * Returns whether more contexts with the waiter's framework are needed than are on their way, and
   * the framework's memory allows for one.
   */
  private boolean isWorkMissing(Waiter waiter) {
    return !waiter.hasWork
        && roster.isInDemand(waiter)
        && !willSoonBeServed(waiter)
        && memory.allows(waiter);
  }

  /** Returns whether a context that is ready for the waiter is only being checked, briefly. */
  private boolean willSoonBeServed(Waiter waiter) {
    return waiter.is(Waiter.Kind.BORROWER)
        && !waiter.impatient
        && roster.contexts.stream()
            .anyMatch(
                context -> context.state() == ContextState.SUSPECT && context.promises(waiter));
  }

  /**
   * Returns whether the waiter's framework may be loaded in a context that has others: when no
   * context promises it, when the waiter has waited long enough for one that does, or when nothing
   * is to be loaded.
   */
  private boolean mayTakeFromOthers(Waiter waiter) {
    return waiter.impatient
        || !waiter.is(Waiter.Kind.BORROWER)
        || roster.contexts.stream().noneMatch(context -> context.promises(waiter))
        || roster.needsNoLoad(waiter);
  }

  private Move takeFromOthers(Waiter waiter) {
    PooledContext used = leastMissed(each -> couldLoad(each, waiter));
    if (used != null) {
      return load(used, waiter);
    }
    PooledContext other =
        mayReplace(waiter) ? roster.leastRecentlyUsed(each -> !each.fits(waiter)) : null;
    return other == null ? WAIT : new Move.ReplaceContext(other);
  }

  /**
   * Returns whether a context of another profile may be given up for the waiter: for a borrower
   * when it has waited long enough, or would wait in vain.
   */
  private boolean mayReplace(Waiter waiter) {
    return waiter.impatient || !waiter.is(Waiter.Kind.BORROWER) || roster.noneFits(waiter);
  }

  private Move expand(Waiter waiter) {
    long now = timer.nanoTime();
    if (roster.idle.isEmpty() || untilExpansion(waiter, now) > 0) {
      return WAIT;
    }
    long needed = standingFor(waiter.name());
    PooledContext unused =
        leastMissed(each -> couldLoadBeside(each, waiter) && now - each.usedAt >= needed);
    return unused != null && room.getAsBoolean() ? new Move.LoadBeside(unused, true) : WAIT;
  }

  /**
   * Returns for how long a framework's queue must stand, in nanoseconds, to be worth a load: as
   * long as the load takes, within bounds.
   */
  private long standingFor(String framework) {
    long timeout = TimeUnit.NANOSECONDS.convert(settings.borrowTimeout());
    return Math.clamp(
        roster.loadTimes.getOrDefault(framework, Long.MAX_VALUE),
        timeout / STANDING_AT_LEAST,
        timeout / STANDING);
  }

  /**
   * Returns the idle context of a kind to load one more framework in: the least recently used one
   * of those whose frameworks other contexts have too, else of all.
   */
  private @Nullable PooledContext leastMissed(Predicate<PooledContext> kind) {
    PooledContext spare = roster.leastRecentlyUsed(each -> kind.test(each) && roster.isSpare(each));
    return spare != null ? spare : roster.leastRecentlyUsed(kind);
  }

  private static boolean couldLoadBeside(PooledContext context, Waiter waiter) {
    return couldLoad(context, waiter) && context.toDropFor(waiter.framework, true).isEmpty();
  }

  /** Returns whether a load there is progress: a prewarming needs one context more. */
  private static boolean couldLoad(PooledContext context, Waiter waiter) {
    return context.fits(waiter) && !context.isReadyFor(waiter);
  }
}
