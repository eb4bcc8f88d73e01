package dev.terrarium.internal.pool;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.PythonContext;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A lease of a borrowed context, which is ready for one piece of work and returns to the pool when
 * the work has ended. A lease that is given no work is for one thread, which closes it.
 */
public final class ContextLease implements AutoCloseable {

  /** The lease for which the current carrier works. */
  private static final ThreadLocal<@Nullable ContextLease> CURRENT = new ThreadLocal<>();

  private final ContextPool pool;
  private final PooledContext context;
  private final @Nullable ContextLease outer;

  /** The worst failure of the lease's work and of calls within it; set by the carrier. */
  private volatile @Nullable Throwable fault;

  /** Set before {@link #stopped} is read, and that before this is: one side sees both. */
  private volatile @Nullable Execution<?> started;

  private volatile boolean stopped;

  /** Whether the lease was closed or was given work. */
  private boolean over;

  ContextLease(ContextPool pool, PooledContext context) {
    this(pool, context, null);
  }

  private ContextLease(ContextPool pool, PooledContext context, @Nullable ContextLease outer) {
    this.pool = pool;
    this.context = context;
    this.outer = outer;
  }

  /**
   * Returns the lease for which the calling thread works, if it is a carrier and Python called
   * Java.
   */
  static @Nullable ContextLease current() {
    return CURRENT.get();
  }

  /**
   * Returns a lease of the same context for a call within this lease's call, on the same thread.
   */
  ContextLease nested() {
    return new ContextLease(pool, context, this);
  }

  boolean isOf(ContextPool other) {
    return pool == other;
  }

  PythonContext context() {
    return context.context;
  }

  /** Returns the context's name. */
  public String name() {
    return context.name();
  }

  /**
   * Runs the call's work, and releases the context.
   *
   * @throws CallTimeoutException when the deadline passes; the work is then stopped
   * @throws CallInterruptedException when the calling thread is interrupted; so it is then
   */
  <T extends @Nullable Object> T run(PoolCall<T> call) {
    if (outer == null) {
      call.propagate();
      call.start(this);
      return call.await(pool.left(call.deadline));
    }
    Runnable disarm = pool.whenOver(call.deadline, outer::stop); // it stops both calls
    try {
      return call.runWithin(this);
    } finally {
      disarm.run();
    }
  }

  /** Starts work on the carrier; the caller reports when the work has {@linkplain #ended ended}. */
  <T extends @Nullable Object> Execution<T> start(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around) {
    Execution<T> execution = context.context.run(framework, watched(framework, work), around);
    over = true;
    started = execution;
    if (stopped) {
      stop(execution);
    }
    pool.runs(context, execution);
    return execution;
  }

  /** Runs work at once, on the calling thread, which is the carrier. */
  <T extends @Nullable Object> Execution<T> startWithin(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around) {
    return context.context.runWithin(framework, watched(framework, work), around);
  }

  private <T extends @Nullable Object> Function<Commands, T> watched(
      String framework, Function<Commands, T> work) {
    return commands -> work.apply(new Watched(framework, commands));
  }

  /** Runs work on the carrier; calls that the work makes are nested in this lease's call. */
  void during(Runnable work) {
    CURRENT.set(this);
    try {
      work.run();
    } finally {
      CURRENT.remove();
    }
  }

  /**
   * Commands that report each execution, and record the worst failure, even if the work recovered
   * from it.
   */
  private final class Watched implements Commands {

    private final String framework;
    private final Commands commands;

    Watched(String framework, Commands commands) {
      this.framework = framework;
      this.commands = commands;
    }

    @Override
    public @Nullable Object call(String command, Map<String, ?> arguments) {
      long begin = pool.now();
      try {
        Object result = commands.call(command, arguments);
        ended(command, begin, null);
        return result;
      } catch (RuntimeException | Error e) {
        ended(command, begin, e);
        throw e;
      }
    }

    @Override
    public void stream(String command, Map<String, ?> arguments, Consumer<@Nullable Object> sink) {
      long begin = pool.now();
      try {
        commands.stream(command, arguments, sink);
        ended(command, begin, null);
      } catch (RuntimeException | Error e) {
        ended(command, begin, e);
        throw e;
      }
    }

    @Override
    public SpanDetail reportSpans(SpanDetail detail) {
      return commands.reportSpans(detail);
    }

    private void ended(String command, long begin, @Nullable Throwable failure) {
      (outer == null ? ContextLease.this : outer).metWith(failure);
      pool.executed(framework, command, name(), begin, failure);
    }
  }

  private void metWith(@Nullable Throwable failure) {
    if (FaultPolicy.of(failure).compareTo(FaultPolicy.of(fault)) > 0) {
      fault = failure;
    }
  }

  /** Returns whether the deadline of a call within this lease's call stopped the work. */
  boolean isStoppedWithin() {
    return stopped;
  }

  /** Stops this lease's own work, and not the work that the context is given next. */
  private void stop() {
    stopped = true;
    Execution<?> work = started;
    if (work != null && !work.result().isDone()) {
      stop(work);
    }
  }

  /** Stops the work that was started. */
  void stop(Execution<?> work) {
    pool.stop(context, work);
  }

  boolean isOfClosedPool() {
    return pool.isClosed();
  }

  /** Releases the context, since the work has ended. */
  void ended(@Nullable Throwable failure) {
    metWith(failure);
    pool.release(context, fault);
  }

  /**
   * Releases the context, unless the lease was given work. Closing a lease twice does nothing more.
   */
  @Override
  public void close() {
    if (!over && outer == null) {
      over = true;
      pool.release(context, null);
    }
  }
}
