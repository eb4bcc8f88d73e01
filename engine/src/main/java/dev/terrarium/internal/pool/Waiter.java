package dev.terrarium.internal.pool;

import dev.terrarium.AccessProfile;
import dev.terrarium.internal.context.BridgeSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One who wants a context that is ready for a command: a borrower, or a prewarming, which wants one
 * context more to be ready and gives it to others. Guarded by the pool's lock but for what is
 * volatile.
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

  /** Where it was when it asked; null unless long leases are reported. */
  final @Nullable Throwable origin;

  /** How many contexts are to have the framework for a prewarming to end. */
  long goal;

  /** What a prewarming ends. */
  final CompletableFuture<@Nullable Void> prewarmed = new CompletableFuture<>();

  /** What is started in the context that it gets, if it asked for that. */
  @Nullable PoolCall<?> call;

  /** Since when it waits for nothing but a context. */
  long waitingSince;

  /** Whether a context is being made, or is loading the framework, because of it. */
  boolean hasWork;

  /** Whether it has waited long enough to take a context that others use. */
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

  /** The context that it was given, if it was. */
  @Nullable PooledContext context() {
    return context;
  }

  /** What it failed with, if it did. */
  @Nullable RuntimeException failure() {
    return failure;
  }

  /** Who has a call sleeps on: its answer wakes it. */
  void give(PooledContext given) {
    context = given;
    if (call == null) {
      wake();
    }
  }

  /** The pool completes {@link #prewarmed} itself, without its lock: users' actions follow. */
  void fail(RuntimeException reason) {
    failure = reason;
    wake();
  }

  /** Has a borrower look how long it may wait. */
  void wake() {
    if (kind != Kind.PREWARMING) {
      LockSupport.unpark(thread);
    }
  }
}
