package dev.terrarium.pool;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.context.ContextFactory;
import dev.terrarium.context.PythonContext;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LoadTimeoutException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of contexts to borrow. They are made in parallel on threads of their own; waiting
 * borrowers are served in the order in which they came. Thread-safe.
 *
 * <p>All state is guarded by one lock, which is never held while a context works, is made or is
 * parked. A context is in exactly one place: idle, handed to a waiter, or with a lease.
 */
public final class ContextPool implements AutoCloseable {

  private static final Logger LOGGER = System.getLogger("terrarium.pool");

  private record Waiter(CompletableFuture<PythonContext> context) {}

  private final Duration borrowTimeout;
  private final Duration loadTimeout;
  private final ReentrantLock lock = new ReentrantLock();

  /** Least recently used first. */
  private final Deque<PythonContext> idle = new ArrayDeque<>();

  private final Deque<Waiter> waiting = new ArrayDeque<>();
  private final List<CompletableFuture<@Nullable Void>> parking = new ArrayList<>();
  private final CompletableFuture<@Nullable Void> firstReady = new CompletableFuture<>();

  /** Done when no context is being made, and closed with none on lease. */
  private final CompletableFuture<@Nullable Void> quiet = new CompletableFuture<>();

  private int starting;
  private int active;
  private boolean closed;

  /**
   * Starts making the contexts and returns at once.
   *
   * @param size how many, at least 1
   * @param borrowTimeout how long a borrower waits for a context once there are any
   * @param loadTimeout how long a caller waits for the first context or for a framework to load
   */
  public ContextPool(
      ContextFactory factory, int size, Duration borrowTimeout, Duration loadTimeout) {
    this.borrowTimeout = borrowTimeout;
    this.loadTimeout = loadTimeout;
    this.starting = size;
    for (int i = 0; i < size; i++) {
      Thread.ofPlatform().daemon().name("terrarium-start-" + i).start(() -> add(factory));
    }
  }

  /**
   * Borrows a context, by preference one that has the framework loaded.
   *
   * @throws BorrowTimeoutException when none becomes free in time
   * @throws ClosedException when the pool is closed, or is closed meanwhile
   * @throws CallInterruptedException when the calling thread is interrupted
   */
  public ContextLease borrow(String framework) {
    return borrow(framework, borrowTimeout);
  }

  /** As {@link #borrow(String)}, with a time-out of its own. */
  public ContextLease borrow(String framework, Duration timeout) {
    awaitFirst();
    CompletableFuture<PythonContext> context = request(framework);
    try {
      PythonContext borrowed =
          Awaiting.await(
              context,
              timeout,
              "a free context",
              () ->
                  new BorrowTimeoutException(
                      "No context was free within "
                          + timeout
                          + " ("
                          + stats()
                          + "). Raise the number of contexts or the borrow time-out, or find the"
                          + " calls that hold them."));
      return new ContextLease(this, borrowed, loadTimeout);
    } catch (BorrowTimeoutException | CallInterruptedException e) {
      withdraw(context);
      throw e;
    }
  }

  private void awaitFirst() {
    if (!firstReady.isDone()) {
      Awaiting.await(
          firstReady,
          loadTimeout,
          "the first context",
          () ->
              new LoadTimeoutException(
                  "The first context was not ready within "
                      + loadTimeout
                      + ". It is still being made; call again later, or raise the load time-out."));
    }
  }

  /** A context that is free now, or a place in the queue. */
  private CompletableFuture<PythonContext> request(String framework) {
    lock.lock();
    try {
      if (closed) {
        throw closedException();
      }
      if (idle.isEmpty() && active == 0 && starting == 0) {
        Awaiting.await(firstReady, "the first context"); // throws why there is none
      }
      PythonContext free = takeIdle(framework);
      if (free != null) {
        active++;
        return CompletableFuture.completedFuture(free);
      }
      Waiter waiter = new Waiter(new CompletableFuture<>());
      waiting.add(waiter);
      return waiter.context();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable PythonContext takeIdle(String framework) {
    for (PythonContext context : idle) {
      if (context.hasLoaded(framework)) {
        idle.remove(context);
        return context;
      }
    }
    return idle.poll();
  }

  /** Leaves the queue; a context that was handed over in the meantime goes back. */
  private void withdraw(CompletableFuture<PythonContext> context) {
    lock.lock();
    try {
      waiting.removeIf(waiter -> waiter.context() == context);
    } finally {
      lock.unlock();
    }
    if (context.isDone() && !context.isCompletedExceptionally()) {
      release(context.join());
    }
  }

  /** Takes a context back from a lease. */
  void release(PythonContext context) {
    lock.lock();
    try {
      active--;
      offer(context);
    } finally {
      lock.unlock();
    }
  }

  /** Gives a context to the first waiter, or makes it idle, or parks it. Lock held. */
  private void offer(PythonContext context) {
    if (closed) {
      parking.add(context.park());
      checkQuiet();
      return;
    }
    Waiter next = waiting.poll();
    if (next == null) {
      idle.add(context);
      return;
    }
    active++;
    next.context().complete(context);
  }

  private void add(ContextFactory factory) {
    PythonContext context = null;
    RuntimeException failure = null;
    try {
      context = factory.create(AccessProfile.TRUSTED_NATIVE);
    } catch (RuntimeException e) {
      failure = e;
    } catch (Error e) {
      failure = new IllegalStateException("A context could not be made: " + e, e);
    }
    lock.lock();
    try {
      starting--;
      if (context != null) {
        offer(context);
        firstReady.complete(null);
      } else if (failure != null) {
        startFailed(failure);
      }
      checkQuiet();
    } finally {
      lock.unlock();
    }
  }

  /** The pool goes on with the contexts it has; without any, borrowers are told why. Lock held. */
  private void startFailed(RuntimeException failure) {
    boolean none = idle.isEmpty() && active == 0 && starting == 0;
    if (none) {
      firstReady.completeExceptionally(failure);
      waiting.forEach(waiter -> waiter.context().completeExceptionally(failure));
      waiting.clear();
    } else {
      LOGGER.log(
          Level.WARNING, "A context could not be made; the pool goes on without it", failure);
    }
  }

  private void checkQuiet() {
    if (closed && starting == 0 && active == 0) {
      quiet.complete(null);
    }
  }

  private static ClosedException closedException() {
    return new ClosedException("This Terrarium is closed; start another one.");
  }

  public PoolStats stats() {
    lock.lock();
    try {
      return new PoolStats(
          starting + active + idle.size(), starting, active, idle.size(), waiting.size());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses new borrowers and those that wait, parks the idle contexts, and waits for running calls
   * and contexts being made, up to the load time-out; what runs longer is parked when it ends.
   * Thread-safe; twice is once.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      ClosedException refusal = closedException();
      firstReady.completeExceptionally(refusal);
      waiting.forEach(waiter -> waiter.context().completeExceptionally(refusal));
      waiting.clear();
      idle.forEach(context -> parking.add(context.park()));
      idle.clear();
      checkQuiet();
    } finally {
      lock.unlock();
    }
    CompletableFuture<?> parked =
        quiet.thenCompose(
            done -> CompletableFuture.allOf(parking.toArray(CompletableFuture[]::new)));
    try {
      Awaiting.await(
          parked.thenApply(done -> "parked"),
          loadTimeout,
          "running calls to end",
          () -> new LoadTimeoutException("Calls still ran " + loadTimeout + " after close()."));
    } catch (LoadTimeoutException e) {
      LOGGER.log(Level.WARNING, e.getMessage() + " Their contexts are parked when they end.");
    }
  }
}
