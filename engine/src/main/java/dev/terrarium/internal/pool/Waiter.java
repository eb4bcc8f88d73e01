package dev.terrarium.internal.pool;

import dev.terrarium.AccessProfile;
import dev.terrarium.internal.context.BridgeSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A request for a context that is ready for a command: of a borrower, or of a prewarming, which
 * wants one context more to be ready and leaves it to others. Guarded by the pool's lock, except
 * for volatile fields.
 */
final class Waiter {

  enum Kind {
    BORROWER,
    /** A borrower within a call, which may not wait for other borrowers. */
    NESTED,
    PREWARMING
  }

  final BridgeSource framework;
  final @Nullable String command;
  final Kind kind;
  final Thread thread;
  final Deadline deadline;
  final long enqueued;

  /** The stack of the borrower when it asked; null unless long leases are reported. */
  final @Nullable Throwable origin;

  /** The number of contexts with the framework at which a prewarming ends. */
  long goal;

  /** The future of a prewarming. */
  final CompletableFuture<@Nullable Void> prewarmed = new CompletableFuture<>();

  /** The call to start in the context, if the waiter has one. */
  @Nullable PoolCall<?> call;

  /** The time since which the waiter waits for nothing but a context. */
  long waitingSince;

  /** Whether a context is being made, or is loading the framework, for this waiter. */
  boolean hasWork;

  /** Whether this waiter has waited long enough to take a context that others use. */
  boolean impatient;

  private volatile @Nullable PooledContext context;
  private volatile @Nullable RuntimeException failure;

  Waiter(
      BridgeSource framework,
      @Nullable String command,
      Kind kind,
      Deadline deadline,
      long now,
      @Nullable Throwable origin) {
    this.framework = framework;
    this.command = command;
    this.kind = kind;
    this.thread = Thread.currentThread();
    this.deadline = deadline;
    this.enqueued = now;
    this.waitingSince = now;
    this.origin = origin;
  }

  String name() {
    return framework.name();
  }

  AccessProfile profile() {
    return framework.profile();
  }

  boolean is(Kind other) {
    return kind == other;
  }

  boolean isWaiting() {
    return context == null && failure == null && !prewarmed.isDone();
  }

  /** Returns the context that was assigned, if one was. */
  @Nullable PooledContext context() {
    return context;
  }

  /** Returns what the waiter failed with, if it did. */
  @Nullable RuntimeException failure() {
    return failure;
  }

  /**
   * Assigns a context, and wakes the borrower; with a call, its answer wakes the borrower instead.
   */
  void give(PooledContext given) {
    context = given;
    if (call == null) {
      wake();
    }
  }

  /**
   * Ends the wait with a failure. The pool completes {@link #prewarmed} itself, without its lock,
   * since users' actions follow.
   */
  void fail(RuntimeException reason) {
    failure = reason;
    wake();
  }

  /** Wakes a borrower, to find out how long it may wait. */
  void wake() {
    if (kind != Kind.PREWARMING) {
      LockSupport.unpark(thread);
    }
  }
}
