package dev.terrarium.internal.call;

import dev.terrarium.CallOptions;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.LoadTimeoutException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.error.StreamIdleException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumEvent.CallOutcome;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.event.Events;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The times of one call, from its start, for its observers; a call without observers has no watch.
 * Thread-safe.
 */
final class CallWatch {

  private final Events events;
  private final String framework;
  private final String command;
  private final @Nullable String callerKey;
  private final @Nullable String session;
  private final long begin = System.nanoTime();

  /** Nanoseconds for which the call has run, without the time since {@link #runningSince}. */
  private long ran;

  private long runningSince;
  private boolean running;

  private CallWatch(
      Events events,
      String framework,
      String command,
      @Nullable String callerKey,
      @Nullable String session) {
    this.events = events;
    this.framework = framework;
    this.command = command;
    this.callerKey = callerKey;
    this.session = session;
  }

  /** Returns the watch of a call that starts now, or null without observers. */
  static @Nullable CallWatch of(
      Events events,
      String framework,
      String command,
      @Nullable String callerKey,
      CallOptions options) {
    return events.active()
        ? new CallWatch(events, framework, command, callerKey, options.session().orElse(null))
        : null;
  }

  /** Returns the work, during which the watch counts the call as running. */
  <T extends @Nullable Object> Function<Commands, T> timed(Function<Commands, T> work) {
    return commands -> {
      run();
      try {
        return work.apply(commands);
      } finally {
        pause();
      }
    };
  }

  /** Marks that the call starts to run, or to run again. */
  synchronized void run() {
    running = true;
    runningSince = System.nanoTime();
  }

  /** Marks that the call stops running, or waits before it runs again. */
  synchronized void pause() {
    if (running) {
      running = false;
      ran += System.nanoTime() - runningSince;
    }
  }

  /** Reports the call, which has ended; code of the call that is being stopped may still run. */
  void end(@Nullable Throwable failure) {
    pause();
    long nanos = System.nanoTime() - begin;
    long runNanos = ran();
    events.emit(
        new TerrariumEvent.CallEnded(
            framework,
            command,
            callerKey,
            session,
            nanos - runNanos,
            runNanos,
            nanos,
            outcome(failure),
            failure == null ? null : failure.getClass().getSimpleName()));
  }

  private synchronized long ran() {
    return ran;
  }

  private static CallOutcome outcome(@Nullable Throwable failure) {
    return switch (failure) {
      case null -> CallOutcome.SUCCEEDED;
      case CallTimeoutException deadline -> CallOutcome.DEADLINE;
      case CallInterruptedException cancelled -> CallOutcome.CANCELLED;
      case BorrowTimeoutException timeout -> CallOutcome.TIMED_OUT;
      case LoadTimeoutException timeout -> CallOutcome.TIMED_OUT;
      case StreamIdleException timeout -> CallOutcome.TIMED_OUT;
      case CircuitOpenException open -> CallOutcome.CIRCUIT_OPEN;
      case OverloadException refusal -> CallOutcome.REFUSED;
      case BudgetExceededException refusal -> CallOutcome.REFUSED;
      case LimitExceededException refusal -> CallOutcome.REFUSED;
      case NestedCallException refusal -> CallOutcome.REFUSED;
      case ClosedException refusal -> CallOutcome.REFUSED;
      default -> CallOutcome.FAILED;
    };
  }
}
