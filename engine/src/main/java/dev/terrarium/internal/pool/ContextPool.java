package dev.terrarium.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.AccessProfile;
import dev.terrarium.Stats;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.ResetCause;
import dev.terrarium.event.TerrariumEvent.RetireCause;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.ContextFactory;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.PythonContext;
import dev.terrarium.internal.event.Events;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A pool of contexts that callers borrow. A borrower gets a context that is ready for its command;
 * the pool itself makes contexts, loads frameworks and repairs contexts, beside the callers.
 * Thread-safe.
 *
 * <p>All state is guarded by one {@link DecisionLock}, and no foreign code runs under it: the
 * effects of a decision, reports to observers among them, are collected and run after the lock is
 * released. {@link Placement} chooses what to do for a waiter, {@link ContextRepair} takes care of
 * contexts that may not be sound. {@code docs/CONCURRENCY.md} has the reasoning.
 */
public final class ContextPool implements AutoCloseable {

  /** The shortest time after which a load is stopped, if that many load time-outs are shorter. */
  static final Duration LOAD_LIMIT = Duration.ofMinutes(2);

  private static final int LOAD_TIMEOUTS = 4;

  /** How long after a context could not be made another one is tried beside those there are. */
  static final Duration RETRY_AFTER = Duration.ofSeconds(30);

  /** The share of the borrow time-out after which a waiter takes a context that others use. */
  private static final int PATIENCE = 4;

  private static final Logger LOGGER = System.getLogger("terrarium.pool");

  private final ContextFactory factory;
  private final PoolSettings settings;
  private final Timer timer;
  private final Executor makers;
  private final Events events;
  private final LeakWatch leaks;

  private final DecisionLock lock;
  private final ContextRepair repair;
  private final Shortcuts shortcuts = new Shortcuts();

  @GuardedBy("lock")
  private final Roster roster;

  @GuardedBy("lock")
  private final MemoryBudget memory;

  @GuardedBy("lock")
  private final Placement placement;

  @GuardedBy("lock")
  private final List<CompletableFuture<@Nullable Void>> parking = new ArrayList<>();

  private final CompletableFuture<@Nullable Void> ready = new CompletableFuture<>();

  /** Completes when the pool is closed, no context is being made and none is left. */
  private final CompletableFuture<@Nullable Void> quiet = new CompletableFuture<>();

  @GuardedBy("lock")
  private long made;

  @GuardedBy("lock")
  private long loads;

  /** Written under the lock. */
  private volatile boolean closed;

  private volatile boolean stopping;

  /** Starts making the first contexts, of the given profile, and returns at once. */
  public ContextPool(
      ContextFactory factory,
      AccessProfile profile,
      PoolSettings settings,
      MemoryLimit limit,
      Events events) {
    this(
        factory,
        profile,
        settings,
        new Roster(Timer.system()),
        Timer.system(),
        work -> Thread.ofPlatform().daemon().name("terrarium-start").start(work),
        HeapRoom::forOneFramework,
        limit,
        events);
  }

  /**
   * Starts making the first contexts of a pool whose outer world is given.
   *
   * @param roster the state of the pool, which no other pool has
   * @param makers runs the making of contexts, which blocks
   * @param room whether memory allows one framework more in a context that has some
   */
  ContextPool(
      ContextFactory factory,
      AccessProfile profile,
      PoolSettings settings,
      Roster roster,
      Timer timer,
      Executor makers,
      BooleanSupplier room,
      MemoryLimit limit,
      Events events) {
    this.factory = factory;
    this.settings = settings;
    this.timer = timer;
    this.makers = makers;
    this.roster = roster;
    this.lock = roster.lock;
    this.memory = new MemoryBudget(limit, roster);
    this.placement = new Placement(roster, memory, settings, timer, room);
    this.events = events;
    this.repair = new ContextRepair(roster, timer, events, new RepairOwner());
    this.leaks = new LeakWatch(settings.leakThreshold(), timer);
    roster.retryAt = timer.nanoTime();
    lock.lock();
    try {
      while (roster.starting < settings.min()) {
        make(profile, null);
      }
      if (roster.starting == 0) {
        ready.complete(null);
      }
    } finally {
      lock.unlock();
    }
  }

  // ------------------------------------------------------------------ borrowing

  /**
   * Runs a call in a context that is ready for its command; within a call, in the caller's own
   * context if that is ready.
   *
   * @throws BorrowTimeoutException when none is free in time
   * @throws LoadTimeoutException when the first context or the framework is not there in time
   * @throws FrameworkLoadException when the framework does not load
   * @throws CallTimeoutException when the deadline passes; the work is then stopped
   * @throws CallInterruptedException when the calling thread is interrupted; so it is then
   * @throws ClosedException when the pool is closed, or is closed meanwhile
   * @throws NestedCallException within a call, when none could be had without waiting for others
   * @throws LimitExceededException within a call, when that is because of the framework's memory
   */
  public <T extends @Nullable Object> T run(PoolCall<T> call) {
    ContextLease own = callersOwn(call.framework, call.command);
    if (own != null) {
      return own.run(call);
    }
    call.propagate();
    Waiter waiter = waiter(call.framework, call.command, call.deadline);
    waiter.call = call;
    enqueue(waiter);
    PooledContext unused = await(waiter);
    return call.await(left(call.deadline));
  }

  /** Borrows a context, for the caller to hold, with the same failures as {@link #run}. */
  public ContextLease borrow(BridgeSource framework, String command, Deadline deadline) {
    ContextLease own = callersOwn(framework, command);
    if (own != null) {
      return own;
    }
    Waiter waiter = waiter(framework, command, deadline);
    enqueue(waiter);
    return leased(await(waiter), waiter);
  }

  /**
   * Returns a lease of the context of the call around this one, if there is one and its context is
   * ready for the command.
   */
  private @Nullable ContextLease callersOwn(BridgeSource framework, @Nullable String command) {
    ContextLease current = ContextLease.current();
    return current != null
            && current.isOf(this)
            && current.context().isReady(framework.name(), command)
        ? current.nested()
        : null;
  }

  private Waiter waiter(BridgeSource framework, @Nullable String command, Deadline deadline) {
    return new Waiter(
        framework,
        command,
        isWithinCall() ? Waiter.Kind.NESTED : Waiter.Kind.BORROWER,
        deadline,
        timer.nanoTime(),
        settings.leakThreshold().isPositive() ? new Throwable("borrowed here") : null);
  }

  /** Returns whether the calling thread is in a call of this pool: Python called Java. */
  public boolean isWithinCall() {
    ContextLease current = ContextLease.current();
    return current != null && current.isOf(this);
  }

  /** Returns whether the calling thread does work of this pool that needs no context. */
  public boolean isWithinShortcut() {
    return shortcuts.isWithin();
  }

  /** Assigns a context to the waiter, or adds the waiter to the queue and starts work for it. */
  void enqueue(Waiter waiter) {
    lock.lock();
    try {
      if (closed) {
        throw Refusals.closed();
      }
      PooledContext ready = placement.ready(waiter);
      if (ready != null) {
        roster.idle.remove(ready);
        assign(ready, waiter);
        return;
      }
      roster.join(waiter);
      startWork(waiter);
      if (waiter.is(Waiter.Kind.NESTED) && !waiter.hasWork) {
        roster.leave(waiter);
        throw memory.allows(waiter) ? Refusals.nested(waiter, figures()) : tooLarge(waiter);
      }
    } finally {
      lock.unlock();
    }
  }

  private PooledContext await(Waiter waiter) {
    while (waiter.isWaiting()) {
      long nanos = reconsider(waiter);
      if (waiter.isWaiting()) {
        LockSupport.parkNanos(this, nanos);
        if (Thread.interrupted()) {
          Thread.currentThread().interrupt();
          withdraw(waiter);
          throw new CallInterruptedException(
              "Interrupted while waiting for a free context.", new InterruptedException());
        }
      }
    }
    RuntimeException failure = waiter.failure();
    if (failure != null) {
      Futures.addFirstCaller(failure);
      throw failure;
    }
    PooledContext context = waiter.context();
    if (context == null) {
      throw new IllegalStateException("a borrower was neither served nor refused");
    }
    return context;
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
      boolean loading = roster.isLoadingFor(waiter);
      long left =
          loading
              ? nanos(settings.loadTimeout()) - (now - waiter.enqueued)
              : nanos(settings.borrowTimeout()) - (now - waiter.waitingSince);
      if (deadline <= 0 || left <= 0) {
        roster.leave(waiter);
        waiter.fail(refusal(waiter, deadline <= 0, loading));
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

  /** Returns the nanoseconds that are left of a deadline. */
  long left(Deadline deadline) {
    return deadline.left(timer.nanoTime());
  }

  /** Runs a task when the deadline passes, unless the returned callback is run before. */
  Runnable whenOver(Deadline deadline, Runnable task) {
    long left = left(deadline);
    return left == Long.MAX_VALUE ? () -> {} : timer.after(Duration.ofNanos(left), task);
  }

  private static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }

  @GuardedBy("lock")
  private RuntimeException refusal(Waiter waiter, boolean deadlinePassed, boolean loading) {
    if (deadlinePassed) {
      return Refusals.deadline(waiter, figures());
    }
    return loading
        ? Refusals.load(waiter, settings, figures())
        : Refusals.borrow(
            waiter,
            settings,
            figures(),
            memory.allows(waiter) ? null : memory.figures(waiter.name()));
  }

  @GuardedBy("lock")
  private LimitExceededException tooLarge(Waiter waiter) {
    return Refusals.limit(waiter, memory.figures(waiter.name()), figures());
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
        offer(given);
      } else if (roster.waiters.contains(waiter)) {
        roster.leave(waiter);
        waiter.fail(Refusals.closed());
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has the given number of contexts load a framework, in parallel, on the pool's own threads.
   *
   * @return done when they all have it; failed with a {@link LimitExceededException} when the
   *     framework's memory does not allow for as many
   * @throws ConfigurationException when the pool may not have as many contexts
   */
  public CompletableFuture<@Nullable Void> prewarm(BridgeSource framework, int count) {
    if (count < 1 || count > settings.max()) {
      throw new ConfigurationException(
          "prewarm: "
              + count
              + " contexts is not 1 to "
              + settings.max()
              + ", which TerrariumConfig.contexts says; raise it for more.");
    }
    List<CompletableFuture<@Nullable Void>> prewarmed = new ArrayList<>();
    lock.lock();
    try {
      if (closed) {
        throw Refusals.closed();
      }
      for (long goal = roster.ready(framework.name()) + 1; goal <= count; goal++) {
        Waiter waiter =
            new Waiter(
                framework, null, Waiter.Kind.PREWARMING, Deadline.none(), timer.nanoTime(), null);
        waiter.goal = goal;
        prewarmed.add(waiter.prewarmed);
        roster.join(waiter);
        startWork(waiter);
      }
      endPrewarmings();
    } finally {
      lock.unlock();
    }
    return CompletableFuture.allOf(prewarmed.toArray(CompletableFuture[]::new));
  }

  /** Ends the prewarmings that have as many contexts as they want, or as memory allows. */
  @GuardedBy("lock")
  private void endPrewarmings() {
    if (!roster.hasPrewarmings()) {
      return;
    }
    for (Waiter waiter : List.copyOf(roster.waiters)) {
      if (waiter.is(Waiter.Kind.PREWARMING) && roster.ready(waiter.name()) >= waiter.goal) {
        endPrewarming(waiter);
      } else if (waiter.is(Waiter.Kind.PREWARMING)
          && !waiter.hasWork
          && roster.isInDemand(waiter)
          && !memory.allows(waiter)) {
        refuse(waiter, tooLarge(waiter));
      }
    }
  }

  @GuardedBy("lock")
  private void endPrewarming(Waiter waiter) {
    roster.leave(waiter);
    lock.afterUnlock(() -> waiter.prewarmed.complete(null));
  }

  // ------------------------------------------------------------------ choosing

  /** Starts what the rule says for a waiter. */
  @GuardedBy("lock")
  private void startWork(Waiter waiter) {
    start(placement.move(waiter), waiter);
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
        prepare(context, waiter, List.of());
      }
      case Move.ReplaceFrameworks(PooledContext context, List<String> dropped) -> {
        roster.idle.remove(context);
        prepare(context, waiter, dropped);
      }
      case Move.MakeContext() -> make(waiter.profile(), waiter);
      case Move.ReplaceContext(PooledContext context) -> {
        roster.idle.remove(context);
        park(context);
        make(waiter.profile(), waiter);
      }
      case Move.Wait() -> {}
    }
  }

  /** Adds a free context to the idle ones, and starts what the rule then says for the waiters. */
  @GuardedBy("lock")
  private void offer(PooledContext context) {
    endPrewarmings();
    if (closed || roster.serving() > settings.max()) {
      park(context);
    } else {
      context.toIdle();
      roster.idle.add(context);
    }
    startAllWork();
  }

  @GuardedBy("lock")
  private void assign(PooledContext context, Waiter waiter) {
    context.become(ContextState.IN_USE);
    context.used(waiter.framework);
    context.borrower = waiter;
    String before = context.lendTo(waiter);
    if (before != null && !before.equals(waiter.name()) && events.active()) {
      report(new TerrariumEvent.FrameworkSwitched(before, waiter.name(), context.name()));
    }
    leaks.begin(context, waiter);
    waiter.give(context);
    PoolCall<?> call = waiter.call;
    if (call != null) {
      lock.afterUnlock(() -> call.start(leased(context, waiter)));
    }
  }

  private ContextLease leased(PooledContext context, Waiter waiter) {
    if (events.active()) {
      events.emit(
          new TerrariumEvent.ContextBorrowed(
              waiter.name(), context.name(), timer.nanoTime() - waiter.enqueued));
    }
    return new ContextLease(this, context);
  }

  // ------------------------------------------------------------------ making and loading

  /** Makes a context, for a waiter or to reach the minimum. */
  @GuardedBy("lock")
  private void make(AccessProfile profile, @Nullable Waiter waiter) {
    roster.starting++;
    if (waiter != null) {
      waiter.hasWork = true;
    }
    lock.afterUnlock(
        () -> {
          try {
            makers.execute(() -> makeNow(profile, waiter));
          } catch (RuntimeException | Error e) { // such as no thread being left
            RuntimeException failure =
                new IllegalStateException("A context could not be made: " + e, e);
            makeEnded(profile, null, failure, waiter);
          }
        });
  }

  private void makeNow(AccessProfile profile, @Nullable Waiter waiter) {
    PythonContext context = null;
    RuntimeException failure = null;
    try {
      long begin = now();
      context = factory.create(profile);
      if (events.active()) {
        events.emit(new TerrariumEvent.ContextCreated(context.name(), timer.nanoTime() - begin));
      }
    } catch (RuntimeException e) {
      failure = e;
    } catch (Error e) {
      failure = new IllegalStateException("A context could not be made: " + e, e);
    }
    makeEnded(profile, context, failure, waiter);
  }

  private void makeEnded(
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
        made(context, waiter);
      } else if (failure != null) {
        notMade(profile, failure, waiter);
      }
      checkQuiet();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void made(PythonContext context, @Nullable Waiter waiter) {
    made++;
    PooledContext pooled =
        new PooledContext(context, timer.nanoTime(), ThreadLocalRandom.current().nextDouble());
    boolean first = roster.contexts.isEmpty();
    roster.contexts.add(pooled);
    waitAnew(each -> first || each.equals(waiter));
    if (roster.starting == 0 || roster.contexts.size() >= settings.min()) {
      lock.afterUnlock(() -> ready.complete(null));
    }
    if (waiter == null || !waiter.is(Waiter.Kind.NESTED) || !roster.waiters.contains(waiter)) {
      offer(pooled);
    } else if (roster.serving() <= settings.max()) {
      start(placement.load(pooled, waiter), waiter);
    } else { // one that was stuck is back
      offer(pooled);
      if (roster.waiters.contains(waiter) && !waiter.hasWork) {
        refuse(waiter, Refusals.nested(waiter, figures()));
      }
    }
  }

  private void retry(AccessProfile profile) {
    lock.lock();
    try {
      fillUp(profile);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has the pool continue with the contexts that it has, and try again later. Waiters that no
   * context can serve fail.
   */
  @GuardedBy("lock")
  private void notMade(AccessProfile profile, RuntimeException failure, @Nullable Waiter waiter) {
    roster.retryAt = timer.nanoTime() + nanos(RETRY_AFTER);
    if (roster.contexts.isEmpty() && roster.starting == 0) {
      for (Waiter each : List.copyOf(roster.waiters)) {
        refuse(each, failure);
      }
      lock.afterUnlock(() -> ready.completeExceptionally(failure));
      return;
    }
    if (roster.starting == 0) {
      lock.afterUnlock(() -> ready.complete(null));
    }
    lock.afterUnlock(() -> timer.after(RETRY_AFTER, () -> retry(profile)));
    lock.afterUnlock(
        () ->
            LOGGER.log(
                Level.WARNING,
                "A context could not be made; the pool goes on without it",
                failure));
    if (waiter != null && roster.waiters.contains(waiter)) {
      if (waiter.is(Waiter.Kind.NESTED) || (roster.starting == 0 && roster.noneFits(waiter))) {
        refuse(waiter, failure);
      } else {
        waiter.wake(); // to wait for a context, no longer than a borrower may
        startWork(waiter);
        if (waiter.is(Waiter.Kind.PREWARMING) && !waiter.hasWork && roster.isInDemand(waiter)) {
          refuse(waiter, failure); // it has no time-out that would end it
        }
      }
    }
  }

  @GuardedBy("lock")
  private void refuse(Waiter waiter, RuntimeException failure) {
    roster.leave(waiter);
    waiter.fail(failure);
    lock.afterUnlock(() -> waiter.prewarmed.completeExceptionally(failure));
  }

  /** Drops frameworks of a context, and loads the waiter's there. */
  @GuardedBy("lock")
  private void prepare(PooledContext context, Waiter waiter, List<String> drop) {
    context.become(ContextState.IN_USE);
    context.preparing = waiter.name();
    waiter.hasWork = true;
    drop.forEach(context.frameworks::remove);
    lock.afterUnlock(memory.makingRoom(waiter));
    long begin = timer.nanoTime();
    lock.afterUnlock(
        () -> {
          drop.forEach(context.context::cleanUp);
          Execution<@Nullable Void> loading =
              context.context.prepare(waiter.framework, waiter.command);
          runs(context, loading);
          Runnable cancel = timer.after(loadLimit(), () -> stop(context, loading));
          loading.whenDone(
              (done, failure) -> {
                cancel.run();
                prepared(context, waiter, failure, begin);
              });
        });
  }

  private Duration loadLimit() {
    long most = Long.MAX_VALUE / 2 / LOAD_TIMEOUTS; // so that the timer can count so far
    Duration limit =
        Duration.ofNanos(Math.min(nanos(settings.loadTimeout()), most) * LOAD_TIMEOUTS);
    return limit.compareTo(LOAD_LIMIT) > 0 ? limit : LOAD_LIMIT;
  }

  private void prepared(
      PooledContext context, Waiter waiter, @Nullable Throwable failure, long begin) {
    lock.lock();
    try {
      context.preparing = null;
      repair.ended(context);
      waiter.hasWork = false;
      waitAnew(each -> each.name().equals(waiter.name()));
      long now = timer.nanoTime();
      roster.queues.restart(waiter.name(), now);
      if (failure != null) {
        RuntimeException reason = loadFailure(waiter, failure);
        for (Waiter each : List.copyOf(roster.waiters)) {
          if (each == waiter || failsWith(each, waiter, reason)) {
            refuse(each, reason);
          }
        }
        repair.check(context);
        startAllWork();
        return;
      }
      context.used(waiter.framework);
      boolean loaded = context.has(waiter.name()); // if not, its bridge alone was attached
      if (loaded) {
        loads++;
        roster.loadTimes.put(waiter.name(), now - begin);
      }
      if (loaded && events.active()) {
        report(new TerrariumEvent.FrameworkLoaded(waiter.name(), context.name(), now - begin));
      }
      if (loaded
          && !memory.allowsLoaded(context, waiter.name())
          && !waiter.is(Waiter.Kind.NESTED)) {
        unload(context, waiter);
        return;
      }
      if (waiter.is(Waiter.Kind.PREWARMING) && roster.waiters.contains(waiter)) {
        endPrewarming(waiter); // two that compete for contexts each have had their load, and end
      }
      if (waiter.is(Waiter.Kind.NESTED) && waiter.isWaiting() && !closed) {
        roster.leave(waiter);
        assign(context, waiter);
        endPrewarmings();
        startAllWork();
      } else {
        offer(context);
      }
    } finally {
      lock.unlock();
    }
  }

  private RuntimeException loadFailure(Waiter waiter, Throwable failure) {
    if (failure instanceof CancellationException && !closed) {
      return new FrameworkLoadException(
          "Framework '%s' had not loaded after %s and was stopped. Raise the load time-out if it needs longer."
              .formatted(waiter.name(), loadLimit()),
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
          runs(context, unloading);
          unloading.whenDone((done, failure) -> unloaded(context));
        });
    endPrewarmings();
  }

  private void unloaded(PooledContext context) {
    lock.lock();
    try {
      repair.check(context);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Restarts the borrow time-out of the waiters of a kind, since what they waited for was made or
   * loaded.
   */
  @GuardedBy("lock")
  private void waitAnew(Predicate<Waiter> kind) {
    long now = timer.nanoTime();
    roster.waiters.stream()
        .filter(kind)
        .forEach(
            waiter -> {
              waiter.waitingSince = now;
              waiter.wake();
            });
  }

  /** Returns whether no context will serve a waiter after the load that failed. */
  @GuardedBy("lock")
  private boolean failsWith(Waiter each, Waiter loader, RuntimeException reason) {
    return reason instanceof FrameworkLoadException
        && each.name().equals(loader.name())
        && !each.hasWork
        && roster.contexts.stream().noneMatch(context -> context.promises(each));
  }

  // ------------------------------------------------------------------ giving back

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
      offer(context);
    }
  }

  /** Stops a lease's work; when it does not, another context takes its place until it does. */
  void stop(PooledContext context, Execution<?> work) {
    repair.stop(context, work);
  }

  /** Starts what the rule says for the waiters, and makes contexts up to the minimum. */
  @GuardedBy("lock")
  private void fillUp(AccessProfile profile) {
    if (closed) {
      return;
    }
    startAllWork();
    while (roster.starting + roster.serving() < settings.min() && placement.mayMakeOneMore()) {
      make(profile, null);
    }
  }

  @GuardedBy("lock")
  private void park(PooledContext context) {
    context.to(ContextState.PARKED);
    roster.contexts.remove(context);
    CompletableFuture<@Nullable Void> parked = new CompletableFuture<>();
    parking.add(parked);
    parking.removeIf(CompletableFuture::isDone);
    lock.afterUnlock(
        () -> {
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
        });
    checkQuiet();
  }

  // ------------------------------------------------------------------ reporting

  /** Reports an event to observers, after the lock is released. */
  @GuardedBy("lock")
  private void report(TerrariumEvent event) {
    lock.afterUnlock(() -> events.emit(event));
  }

  /** Returns the clock's time when there are observers, else 0. */
  long now() {
    return events.active() ? timer.nanoTime() : 0;
  }

  /** Reports to observers that a command has ended. */
  void executed(
      String framework, String command, String context, long begin, @Nullable Throwable failure) {
    if (events.active()) {
      events.emit(
          new TerrariumEvent.CommandExecuted(
              framework,
              command,
              context,
              timer.nanoTime() - begin,
              failure == null ? null : failure.getClass().getSimpleName()));
    }
  }

  // ------------------------------------------------------------------ figures

  /**
   * Returns a future that completes when the minimum of contexts is there, or as many of these as
   * could be made; it fails when none could.
   *
   * @throws ClosedException when the pool is closed
   */
  public CompletableFuture<@Nullable Void> ready() {
    checkOpen();
    return ready.copy();
  }

  /** Returns whether the pool is closed, and has decided what that means for waiters. */
  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Throws when the pool is closed.
   *
   * @throws ClosedException when it is
   */
  public void checkOpen() {
    if (closed) {
      throw Refusals.closed();
    }
  }

  /**
   * Measures each context when the work that runs in it has ended.
   *
   * @return what they hold on the heap, by name, without those that could not be measured
   * @throws ClosedException when the pool is closed
   */
  public CompletableFuture<Map<String, Long>> measure() {
    checkOpen();
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

  /**
   * Runs work that needs no context on the calling thread. As with a call, closing waits for it and
   * at last stops it.
   *
   * @throws ClosedException when the pool is closed
   * @throws CallInterruptedException when it was stopped
   */
  public <T> T withoutContext(Supplier<T> work) {
    return shortcuts.run(
        () -> {
          checkOpen(); // looked at once closing can see the work
          return work.get();
        });
  }

  public Stats.Pool stats() {
    lock.lock();
    try {
      return figures();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private Stats.Pool figures() {
    Set<PooledContext> ordered = new LinkedHashSet<>(roster.idle);
    ordered.addAll(roster.contexts);
    ContextRepair.Counts counts = repair.counts();
    return new Stats.Pool(
        roster.starting,
        roster.waiters.size(),
        ordered.stream().map(PooledContext::stats).toList(),
        Map.copyOf(roster.pending),
        made,
        loads,
        counts.restored(),
        counts.recycled(),
        counts.retired());
  }

  // ------------------------------------------------------------------ closing

  /**
   * Refuses new borrowers and waiters, parks the idle contexts, lets running calls end within the
   * drain time-out, stops the rest, and returns. A context whose work does not stop even then is
   * parked when the work ends. Closing a closed pool does nothing more.
   *
   * @throws NestedCallException from within a call, which would wait for itself
   * @throws CallInterruptedException when the calling thread is interrupted, which so it is then;
   *     what ran has been told to stop, and is parked when it does
   */
  @Override
  public void close() {
    ContextLease outer = ContextLease.current();
    if ((outer != null && outer.isOf(this)) || shortcuts.isWithin()) {
      throw new NestedCallException(
          "close() was called from within a call, and would wait for that call to end. Close from"
              + " a thread of your own.");
    }
    lock.lock();
    try {
      closed = true;
      lock.afterUnlock(() -> ready.completeExceptionally(Refusals.closed()));
      for (Waiter waiter : List.copyOf(roster.waiters)) {
        refuse(waiter, Refusals.closed());
      }
      for (PooledContext context : List.copyOf(roster.idle)) {
        park(context);
      }
      roster.idle.clear();
      checkQuiet();
    } finally {
      lock.unlock();
    }
    boolean drained = false;
    try {
      drained = isQuietWithin(settings.drainTimeout());
    } finally { // also when interrupted: who interrupts does not want to wait longer
      if (!drained) {
        stopAll();
      }
    }
    if (!drained) {
      if (!isQuietWithin(ContextRepair.GRACE.multipliedBy(2))) {
        LOGGER.log(
            Level.WARNING,
            "Calls still ran "
                + settings.drainTimeout()
                + " after close(), and have not stopped ("
                + stats()
                + "). Their contexts are parked when they do.");
      }
    }
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

  @GuardedBy("lock")
  private void checkQuiet() {
    if (closed && roster.starting == 0 && roster.contexts.isEmpty()) {
      lock.afterUnlock(() -> quiet.complete(null));
    }
  }

  /** Goes on with what has become of a context. */
  private final class RepairOwner implements ContextRepair.Owner {

    @Override
    public void offer(PooledContext context) {
      lock.lock();
      try {
        ContextPool.this.offer(context);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void makeUpFor(AccessProfile profile) {
      lock.lock();
      try {
        fillUp(profile);
        checkQuiet();
      } finally {
        lock.unlock();
      }
    }
  }
}
