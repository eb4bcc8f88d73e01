package dev.terrarium.internal.pool;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats;
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
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.ContextFactory;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A pool of contexts that callers borrow. A borrower gets a context that is ready for its command;
 * the pool itself makes contexts, loads frameworks and repairs contexts, beside the callers.
 * Thread-safe.
 *
 * <p>All state is guarded by one {@link DecisionLock}, and no foreign code runs under it: the
 * effects of a decision, reports to observers among them, are collected and run after the lock is
 * released. {@link PoolDecisions} decides who gets which context of the {@link Roster}, by the
 * moves that {@link Placement} chooses; {@link ContextMaking}, {@link FrameworkLoading}, {@link
 * ContextRepair}, {@link Prewarmings} and {@link PoolShutdown} do what was decided. {@code
 * docs/CONCURRENCY.md} has the reasoning.
 */
public final class ContextPool implements AutoCloseable {

  private final PoolSettings settings;
  private final Timer timer;
  private final Events events;
  private final Shortcuts shortcuts = new Shortcuts();
  private final PoolDecisions decisions;

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
    this.settings = settings;
    this.timer = timer;
    this.events = events;
    this.decisions =
        new PoolDecisions(
            factory, settings, roster, timer, makers, room, limit, events, shortcuts, this::leased);
    decisions.making.start(profile);
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
    decisions.enqueue(waiter);
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
    return decisions.reconsider(waiter);
  }

  /**
   * Removes the waiter from the queue, and releases a context that it was given in the meantime.
   */
  void withdraw(Waiter waiter) {
    decisions.withdraw(waiter);
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

  /**
   * Has the given number of contexts load a framework, in parallel, on the pool's own threads.
   *
   * @return done when they all have it; failed with a {@link LimitExceededException} when the
   *     framework's memory does not allow for as many
   * @throws ConfigurationException when the pool may not have as many contexts
   */
  public CompletableFuture<@Nullable Void> prewarm(BridgeSource framework, int count) {
    return decisions.prewarmings.start(framework, count);
  }

  private ContextLease leased(PooledContext context, Waiter waiter) {
    if (events.active()) {
      events.emit(
          new TerrariumEvent.ContextBorrowed(
              waiter.name(), context.name(), timer.nanoTime() - waiter.enqueued));
    }
    return new ContextLease(this, context);
  }

  /**
   * Releases the context of a lease whose work has ended.
   *
   * @param failure how it ended, null for well
   */
  void release(PooledContext context, @Nullable Throwable failure) {
    decisions.release(context, failure);
  }

  /** Records the work that runs in a context, so that closing can stop it. */
  void runs(PooledContext context, Execution<?> work) {
    decisions.shutdown.runs(context, work);
  }

  /** Stops a lease's work; when it does not, another context takes its place until it does. */
  void stop(PooledContext context, Execution<?> work) {
    decisions.repair.stop(context, work);
  }

  // ------------------------------------------------------------------ reporting

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
    return decisions.making.ready();
  }

  /** Returns whether the pool is closed, and has decided what that means for waiters. */
  boolean isClosed() {
    return decisions.isClosed();
  }

  /**
   * Throws when the pool is closed.
   *
   * @throws ClosedException when it is
   */
  public void checkOpen() {
    decisions.shutdown.checkOpen();
  }

  /**
   * Measures each context when the work that runs in it has ended.
   *
   * @return what they hold on the heap, by name, without those that could not be measured
   * @throws ClosedException when the pool is closed
   */
  public CompletableFuture<Map<String, Long>> measure() {
    checkOpen();
    return decisions.figures.measure();
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
    return decisions.figures.now();
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
    decisions.close();
  }
}
