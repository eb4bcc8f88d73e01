package dev.terrarium.internal.context;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work for a context's carrier; it runs there behind the context's fence, so that it
 * can be stopped. Thread-safe.
 */
final class CarrierWork<T extends @Nullable Object> implements Execution<T>, Runnable {

  /** The duration of one attempt to interrupt; another follows while the work is still inside. */
  private static final Duration ATTEMPT = Duration.ofSeconds(5);

  private final String name;
  private final Context context;
  private final Fence fence;
  private final Callable<T> body;
  private final Fence.Visit visit = new Fence.Visit(this::startInterrupting);
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private @Nullable T value;
  private @Nullable Throwable failure;
  private boolean worked;

  /**
   * Creates work for one context.
   *
   * @param name the context's name
   * @param body runs on the carrier, and enters the context by itself
   */
  CarrierWork(String name, Context context, Fence fence, Callable<T> body) {
    this.name = name;
    this.context = context;
    this.fence = fence;
    this.body = body;
  }

  /** Runs the work and completes its result; called on the carrier. */
  @Override
  public void run() {
    work();
    end(null);
  }

  /**
   * Runs the work; called on the carrier. Work that was stopped ends as stopped, whatever it threw.
   */
  void work() {
    fence.enter(visit);
    try {
      if (!visit.isStopped()) {
        value = body.call();
      }
    } catch (Throwable e) {
      failure = e;
    } finally {
      fence.leave(visit);
    }
    if (visit.isStopped()) {
      failure = new CancellationException("stopped in " + name);
    }
    worked = true;
  }

  /** Runs the work within other work that is behind the fence already; called on the carrier. */
  void runWithin() {
    try {
      value = body.call();
    } catch (Throwable e) {
      failure = e;
    }
    worked = true;
    end(null);
  }

  /**
   * Completes the result with the outcome of the work, which releases waiting callers.
   *
   * @param reason the reason for which the context propagation did not run the work, if it is known
   */
  @SuppressWarnings("NullAway") // a null value is of T, or there is a failure
  void end(@Nullable Throwable reason) {
    if (!worked) {
      result.completeExceptionally(
          new IllegalStateException("The context propagation did not run the call.", reason));
    } else if (failure == null) {
      result.complete(value);
    } else {
      result.completeExceptionally(failure);
    }
  }

  @Override
  public CompletableFuture<T> result() {
    return result;
  }

  @Override
  public void interrupt() {
    fence.stop(visit);
  }

  private void startInterrupting() {
    Thread.ofPlatform().daemon().name(name + "-interrupt").start(this::interruptNow);
  }

  private void interruptNow() {
    try {
      while (fence.isInside(visit)) {
        if (hasLeft()) {
          return;
        }
      }
    } catch (PolyglotException | IllegalStateException e) {
      System.getLogger("terrarium.context").log(Level.DEBUG, name + " could not be interrupted", e);
    } finally {
      fence.interrupted();
    }
  }

  /**
   * Returns whether one attempt made the work leave. Python code cannot hold the attempt up; a
   * native call, a built-in or Java code can.
   */
  private boolean hasLeft() {
    try {
      context.interrupt(ATTEMPT);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }
}
