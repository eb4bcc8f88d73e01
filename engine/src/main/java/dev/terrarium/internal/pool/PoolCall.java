package dev.terrarium.internal.pool;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.resource.CallScope;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A piece of work for a context, made by the thread that waits for its answer. The thread that
 * assigns a context starts the work there, and the carrier releases the context before it completes
 * the answer: a context goes from call to call without waiting for a caller to wake. For one use.
 *
 * @param <T> what the work results in
 */
public final class PoolCall<T extends @Nullable Object> {

  final BridgeSource framework;

  /** The command for which the context must be ready; null for a loaded framework. */
  final @Nullable String command;

  final Deadline deadline;
  private final String name;
  private final Function<Commands, T> work;
  private final CallScope scope;
  private final UnaryOperator<Runnable> propagation;
  private final Thread caller = Thread.currentThread();
  private final CompletableFuture<T> answer = new CompletableFuture<>();

  /** The body inside what the caller propagates; the carrier runs it. */
  private Runnable propagated = () -> {};

  private Runnable body = () -> {};

  private volatile @Nullable ContextLease lease;
  private volatile boolean idempotent;

  /** Set before {@link #abandoned} is read, and that before this is: one side sees both. */
  private volatile @Nullable Execution<T> running;

  private volatile boolean abandoned;

  /**
   * @param name the work's name in messages
   * @param command the command for which the context must be ready, and which says whether the work
   *     may be done again; null for work that needs the framework to be loaded, whatever it runs
   * @param work given the commands of the framework
   * @param scope what the work's code sees of the call
   * @param propagation given the work on the calling thread; what it returns is run on the carrier
   */
  public PoolCall(
      BridgeSource framework,
      String name,
      @Nullable String command,
      Deadline deadline,
      Function<Commands, T> work,
      CallScope scope,
      UnaryOperator<Runnable> propagation) {
    this.framework = framework;
    this.name = name;
    this.command = command;
    this.deadline = deadline;
    this.work = work;
    this.scope = scope;
    this.propagation = propagation;
  }

  /**
   * Returns whether the work began, and its command says that it may be run again after a failure.
   */
  public boolean isIdempotent() {
    return idempotent;
  }

  /** Captures what the caller propagates, on its thread, before the work can be started. */
  void propagate() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    propagated = propagation.apply(() -> runBody(loader));
  }

  /** Runs the body, on the carrier. */
  private void runBody(ClassLoader loader) {
    Thread carrier = Thread.currentThread();
    ClassLoader own = carrier.getContextClassLoader();
    carrier.setContextClassLoader(loader);
    try {
      given().during(() -> scope.run(body));
    } finally {
      carrier.setContextClassLoader(own);
    }
  }

  private ContextLease given() {
    ContextLease given = lease;
    if (given == null) {
      throw new IllegalStateException(what() + " has no context");
    }
    return given;
  }

  private String what() {
    return "'" + framework.name() + "." + name + "'";
  }

  /** Starts the work in the context of a lease, on the thread that assigned the context. */
  void start(ContextLease given) {
    lease = given;
    if (abandoned) {
      given.close();
      return;
    }
    try {
      idempotent = isIdempotentIn(given);
      Execution<T> started = given.start(framework.name(), work, this::around);
      running = started;
      started.whenDone(this::ended);
      if (abandoned) {
        given.stop(started);
      }
    } catch (RuntimeException | Error e) { // it did not start
      given.close();
      answer.completeExceptionally(e);
      LockSupport.unpark(caller);
    }
  }

  private boolean isIdempotentIn(ContextLease given) {
    return command != null && given.context().isIdempotent(framework.name(), command);
  }

  private Runnable around(Runnable work) {
    body = work;
    return propagated;
  }

  @SuppressWarnings("NullAway") // a null value is of T, or there is a failure
  private void ended(@Nullable T value, @Nullable Throwable failure) {
    try {
      given().ended(failure);
    } finally {
      if (failure == null) {
        answer.complete(value);
      } else {
        answer.completeExceptionally(failure);
      }
      LockSupport.unpark(caller);
    }
  }

  /**
   * Runs the work at once, on the calling thread, which is the carrier of a call around this one.
   */
  T runWithin(ContextLease nested) {
    lease = nested;
    idempotent = isIdempotentIn(nested);
    Execution<T> done =
        nested.startWithin(framework.name(), work, within -> () -> scope.run(within));
    return result(done.result());
  }

  /**
   * Waits for the answer, and stops the work when it gives up waiting.
   *
   * @throws CallTimeoutException when the deadline passes
   * @throws CallInterruptedException when the calling thread is interrupted; so it is then
   */
  T await(long nanos) {
    long end = System.nanoTime() + nanos;
    try {
      while (!answer.isDone()) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          throw passed(false);
        }
        LockSupport.parkNanos(this, left);
        if (Thread.interrupted()) {
          Thread.currentThread().interrupt();
          throw new CallInterruptedException(
              "Interrupted while waiting for " + what() + ".", new InterruptedException());
        }
      }
    } finally {
      if (!answer.isDone()) {
        abandon();
      }
    }
    return result(answer);
  }

  /** Stops the work, or keeps it from being started, since no thread waits for it any more. */
  void abandon() {
    abandoned = true;
    Execution<T> work = running;
    if (work != null) {
      given().stop(work);
    }
  }

  private T result(CompletableFuture<T> done) {
    Throwable reason = Futures.failureOf(done);
    if (reason == null) {
      return done.join();
    }
    if (reason instanceof CancellationException) { // of ours, or of Java code that Python called
      if (given().isStoppedWithin()) {
        throw passed(true);
      }
      if (given().isOfClosedPool()) {
        throw new CallInterruptedException(
            what() + " was stopped because its Terrarium was closed.", reason);
      }
    }
    RuntimeException failure = Futures.unchecked(reason);
    Futures.addCaller(failure);
    throw failure;
  }

  private CallTimeoutException passed(boolean within) {
    ContextLease given = lease;
    String where = given == null ? "" : " in " + given.name();
    return new CallTimeoutException(
        what()
            + (within
                ? " was stopped, because a call within it did not end within its deadline,"
                : " did not end within its deadline of " + deadline + " and is being stopped")
            + where
            + ".");
  }
}
