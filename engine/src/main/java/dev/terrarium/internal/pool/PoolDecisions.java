package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.ResetCause;
import dev.terrarium.event.TerrariumEvent.RetireCause;
import dev.terrarium.internal.context.ContextFactory;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The decisions of a pool: which waiter gets which context of the {@link Roster}, and what is
 * started for those that get none, by the moves that {@link Placement} chooses. The parts of the
 * pool do what was decided, and report here. Thread-safe: each decision is made under the pool's
 * lock, which the methods take, and its effects run after the lock is released.
 */
final class PoolDecisions {

  /** The share of the borrow time-out after which a waiter takes a context that others use. */
  private static final int PATIENCE = 4;

  final ContextMaking making;
  final ContextRepair repair;
  final Prewarmings prewarmings;
  final PoolShutdown shutdown;
  final PoolFigures figures;

  private final PoolSettings settings;
  private final Timer timer;
  private final Events events;
  private final BiFunction<PooledContext, Waiter, ContextLease> leases;
  private final LeakWatch leaks;
  private final FrameworkLoading loading;
  private final DecisionLock lock;

  @GuardedBy("lock")
  private final Roster roster;

  @GuardedBy("lock")
  private final MemoryBudget memory;

  @GuardedBy("lock")
  private final Placement placement;

  /**
   * Creates the decisions of one pool, with its parts.
   *
   * @param makers runs the making of contexts, which blocks
   * @param room whether memory allows one framework more in a context that has some
   * @param leases makes the lease of a context that was assigned, without the lock
   */
  PoolDecisions(
      ContextFactory factory,
      PoolSettings settings,
      Roster roster,
      Timer timer,
      Executor makers,
      BooleanSupplier room,
      MemoryLimit limit,
      Events events,
      Shortcuts shortcuts,
      BiFunction<PooledContext, Waiter, ContextLease> leases) {
    this.settings = settings;
    this.timer = timer;
    this.events = events;
    this.leases = leases;
    this.lock = roster.lock;
    this.roster = roster;
    this.memory = new MemoryBudget(limit, roster);
    this.placement = new Placement(roster, memory, settings, timer, room);
    this.leaks = new LeakWatch(settings.leakThreshold(), timer);
    this.repair = new ContextRepair(roster, timer, events, this);
    this.figures = new PoolFigures(roster, repair);
    this.shutdown = new PoolShutdown(settings.drainTimeout(), events, shortcuts, figures, roster);
    this.prewarmings =
        new Prewarmings(settings.max(), timer, roster, memory, figures, shutdown, this);
    this.making = new ContextMaking(factory, settings.min(), makers, timer, events, roster, this);
    this.loading =
        new FrameworkLoading(
            settings.loadTimeout(),
            timer,
            events,
            roster,
            memory,
            repair,
            shutdown,
            prewarmings,
            this);
  }

  // ------------------------------------------------------------------ waiting

  /**
   * Assigns a context to the waiter, or adds the waiter to the queue and starts work for it.
   *
   * @throws ClosedException when the pool is closed
   * @throws NestedCallException when a waiter within a call would have to wait for others
   * @throws LimitExceededException when that is because of the framework's memory
   */
  void enqueue(Waiter waiter) {
    lock.lock();
    try {
      shutdown.checkOpen();
      PooledContext ready = placement.ready(waiter);
      if (ready != null) {
        roster.idle.remove(ready);
        assign(ready, waiter);
        return;
      }
      roster.join(waiter);
      start(placement.move(waiter), waiter);
      if (waiter.is(Waiter.Kind.NESTED) && !waiter.hasWork) {
        roster.leave(waiter);
        throw memory.allows(waiter)
            ? Refusals.nested(waiter, figures.now())
            : Refusals.limit(waiter, memory.figures(waiter.name()), figures.now());
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns for how long the waiter may wait, in nanoseconds, before this method must be called for
   * it again. A waiter whose time is over fails.
   */
  long reconsider(Waiter waiter) {
    lock.lock();
    try {
      if (!waiter.isWaiting()) {
        return 0L;
      }
      long now = timer.nanoTime();
      long deadline = waiter.deadline.left(now);
      boolean isLoading = roster.isLoadingFor(waiter);
      long left =
          isLoading
              ? nanos(settings.loadTimeout()) - (now - waiter.enqueued)
              : nanos(settings.borrowTimeout()) - (now - waiter.waitingSince);
      if (deadline <= 0 || left <= 0) {
        roster.leave(waiter);
        waiter.fail(refusal(waiter, deadline <= 0, isLoading));
        return 0L;
      }
      long patience = nanos(settings.borrowTimeout()) / PATIENCE - (now - waiter.waitingSince);
      if (patience <= 0 && !waiter.impatient) {
        waiter.impatient = true;
        startWork(waiter);
      }
      long expansion = placement.untilExpansion(waiter, now);
      if (expansion <= 0) {
        startWork(waiter);
      }
      long next = Math.min(deadline, left);
      next = patience > 0 ? Math.min(next, patience) : next;
      return expansion > 0 ? Math.min(next, expansion) : next;
    } finally {
      lock.unlock();
    }
  }

  private static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }

  @GuardedBy("lock")
  private RuntimeException refusal(Waiter waiter, boolean deadlinePassed, boolean isLoading) {
    if (deadlinePassed) {
      return Refusals.deadline(waiter, figures.now());
    }
    return isLoading
        ? Refusals.load(waiter, settings, figures.now())
        : Refusals.borrow(
            waiter,
            settings,
            figures.now(),
            memory.allows(waiter) ? null : memory.figures(waiter.name()));
  }

  /**
   * Removes the waiter from the queue, and releases a context that it was given in the meantime.
   */
  void withdraw(Waiter waiter) {
    lock.lock();
    try {
      PooledContext given = waiter.context();
      PoolCall<?> call = waiter.call;
      if (given != null && call != null) {
        lock.afterUnlock(call::abandon);
      } else if (given != null) {
        given.borrower = null;
        leaks.end(given);
        putToUse(given);
      } else if (roster.waiters.contains(waiter)) {
        roster.leave(waiter);
        waiter.fail(Refusals.closed());
      }
    } finally {
      lock.unlock();
    }
  }

  // ------------------------------------------------------------------ choosing

  /** Starts what the rule says for a waiter in the queue. */
  void startWork(Waiter waiter) {
    lock.lock();
    try {
      start(placement.move(waiter), waiter);
    } finally {
      lock.unlock();
    }
  }

  /** Starts all that the rule says for the waiters, in the order of the queue. */
  @GuardedBy("lock")
  private void startAllWork() {
    boolean started = true;
    while (started && placement.isWorkPossible()) {
      started = startNextWork();
    }
  }

  /** Starts the first move that there is, and returns whether there was one. */
  @GuardedBy("lock")
  private boolean startNextWork() {
    for (Waiter waiter : roster.waiters) {
      Move move = placement.move(waiter);
      if (!(move instanceof Move.Wait)) {
        start(move, waiter);
        return true;
      }
    }
    return false;
  }

  @GuardedBy("lock")
  private void start(Move move, Waiter waiter) {
    switch (move) {
      case Move.Assign(PooledContext context) -> {
        roster.idle.remove(context);
        roster.leave(waiter);
        assign(context, waiter);
      }
      case Move.LoadBeside(PooledContext context, boolean expands) -> {
        roster.idle.remove(context);
        if (expands) {
          roster.queues.restart(waiter.name(), timer.nanoTime());
        }
        loading.load(context, waiter, List.of());
      }
      case Move.ReplaceFrameworks(PooledContext context, List<String> dropped) -> {
        roster.idle.remove(context);
        loading.load(context, waiter, dropped);
      }
      case Move.MakeContext() -> making.make(waiter.profile(), waiter);
      case Move.ReplaceContext(PooledContext context) -> {
        roster.idle.remove(context);
        shutdown.park(context);
        making.make(waiter.profile(), waiter);
      }
      case Move.Wait() -> {}
    }
  }

  @GuardedBy("lock")
  private void assign(PooledContext context, Waiter waiter) {
    context.become(ContextState.IN_USE);
    context.used(waiter.framework);
    context.borrower = waiter;
    String before = context.lendTo(waiter);
    if (before != null && !before.equals(waiter.name()) && events.active()) {
      lock.afterUnlock(
          () ->
              events.emit(
                  new TerrariumEvent.FrameworkSwitched(before, waiter.name(), context.name())));
    }
    leaks.begin(context, waiter);
    waiter.give(context);
    PoolCall<?> call = waiter.call;
    if (call != null) {
      lock.afterUnlock(() -> call.start(leases.apply(context, waiter)));
    }
  }

  // ------------------------------------------------------------------ contexts that become free

  /**
   * Releases the context of a lease whose work has ended.
   *
   * @param failure how it ended, null for well
   */
  void release(PooledContext context, @Nullable Throwable failure) {
    lock.lock();
    try {
      long now = timer.nanoTime();
      context.borrower = null;
      context.usedAt = now;
      leaks.end(context);
      context.called();
      repair.ended(context);
      switch (FaultPolicy.of(failure)) {
        case KEEP -> keep(context, now);
        case CHECK -> repair.check(context);
        case RESET -> repair.reset(context, ResetCause.MEMORY);
        case RETIRE -> repair.retire(context, RetireCause.RUNTIME_FAILED);
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void keep(PooledContext context, long now) {
    if (context.isRecyclingDue(settings, now)) {
      repair.reset(context, ResetCause.RECYCLED);
    } else if (context.isCheckDue(settings.checkEvery())) {
      repair.check(context);
    } else {
      putToUse(context);
    }
  }

  /** Puts a context to use that is sound and free. */
  void offer(PooledContext context) {
    lock.lock();
    try {
      putToUse(context);
    } finally {
      lock.unlock();
    }
  }

  /** Adds a free context to the idle ones, and starts what the rule then says for the waiters. */
  @GuardedBy("lock")
  private void putToUse(PooledContext context) {
    if (roster.hasPrewarmings()) {
      prewarmings.endFulfilled();
    }
    if (shutdown.isClosed() || roster.serving() > settings.max()) {
      shutdown.park(context);
    } else {
      context.toIdle();
      roster.idle.add(context);
    }
    startAllWork();
  }

  /** Makes up for a context of a profile that does not serve any more as it did. */
  void makeUpFor(AccessProfile profile) {
    lock.lock();
    try {
      if (!shutdown.isClosed()) {
        startAllWork();
        while (roster.starting + roster.serving() < settings.min() && placement.mayMakeOneMore()) {
          making.make(profile, null);
        }
      }
      shutdown.checkQuiet();
    } finally {
      lock.unlock();
    }
  }

  // ------------------------------------------------------------------ making and loading

  /**
   * Puts a context to use that was made.
   *
   * @param waiter the waiter for which the context was made; null for the minimum
   */
  void made(PooledContext context, @Nullable Waiter waiter) {
    lock.lock();
    try {
      if (waiter == null || !waiter.is(Waiter.Kind.NESTED) || !roster.waiters.contains(waiter)) {
        putToUse(context);
      } else if (roster.serving() <= settings.max()) {
        start(placement.load(context, waiter), waiter);
      } else { // one that was stuck is back
        putToUse(context);
        if (roster.waiters.contains(waiter) && !waiter.hasWork) {
          roster.refuse(waiter, Refusals.nested(waiter, figures.now()));
        }
      }
      shutdown.checkQuiet();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Goes on without a context that could not be made.
   *
   * @param waiter the waiter for which the context was to be made; null for the minimum
   */
  void notMade(RuntimeException failure, @Nullable Waiter waiter) {
    lock.lock();
    try {
      if (waiter != null && roster.waiters.contains(waiter)) {
        if (waiter.is(Waiter.Kind.NESTED) || (roster.starting == 0 && roster.noneFits(waiter))) {
          roster.refuse(waiter, failure);
        } else {
          waiter.wake(); // to wait for a context, no longer than a borrower may
          startWork(waiter);
          if (waiter.is(Waiter.Kind.PREWARMING) && !waiter.hasWork && roster.isInDemand(waiter)) {
            roster.refuse(waiter, failure); // it has no time-out that would end it
          }
        }
      }
      shutdown.checkQuiet();
    } finally {
      lock.unlock();
    }
  }

  /** Puts a context to use in which the waiter's framework was loaded. */
  void loaded(PooledContext context, Waiter waiter) {
    lock.lock();
    try {
      if (waiter.is(Waiter.Kind.PREWARMING) && roster.waiters.contains(waiter)) {
        // Two that compete for contexts each have had their load, and end.
        prewarmings.end(waiter);
      }
      if (waiter.is(Waiter.Kind.NESTED) && waiter.isWaiting() && !shutdown.isClosed()) {
        roster.leave(waiter);
        assign(context, waiter);
        prewarmings.endFulfilled();
        startAllWork();
      } else {
        putToUse(context);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Refuses those whom a load that failed would have served, and has its context checked. */
  void notLoaded(PooledContext context, Waiter waiter, RuntimeException failure) {
    lock.lock();
    try {
      for (Waiter each : List.copyOf(roster.waiters)) {
        if (each == waiter || failsWith(each, waiter, failure)) {
          roster.refuse(each, failure);
        }
      }
      repair.check(context);
      startAllWork();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether no context will serve a waiter after the load that failed. */
  @GuardedBy("lock")
  private boolean failsWith(Waiter each, Waiter loader, RuntimeException reason) {
    return reason instanceof FrameworkLoadException
        && each.name().equals(loader.name())
        && !each.hasWork
        && roster.contexts.stream().noneMatch(context -> context.promises(each));
  }

  // ------------------------------------------------------------------ closing

  /** Closes the pool, and refuses those that wait for a context or for the pool to be ready. */
  void close() {
    lock.lock();
    try {
      making.close();
      shutdown.begin();
    } finally {
      lock.unlock();
    }
    shutdown.drain();
  }

  /** Returns whether the pool is closed, and has decided what that means for waiters. */
  boolean isClosed() {
    lock.lock();
    try {
      return shutdown.isClosed();
    } finally {
      lock.unlock();
    }
  }
}
