package dev.terrarium.internal.pool;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.PythonContext;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A borrowed context, ready for one piece of work, and back in the pool when that has ended. One
 * that is given no work is for one thread, which closes it.
 */
public final class ContextLease implements AutoCloseable {

  /** On a carrier, the lease that it works for. */
  private static final ThreadLocal<@Nullable ContextLease> CURRENT = new ThreadLocal<>();

  private final ContextPool pool;
  private final PooledContext context;
  private final @Nullable ContextLease outer;

  /** The worst that its work met with, and calls within it; on the carrier. */
  private volatile @Nullable Throwable fault;

  /** Set before {@link #stopped} is read, and that before this is: one side sees both. */
  private volatile @Nullable Execution<?> started;

  private volatile boolean stopped;

  /** Closed, or given work. */
  private boolean over;

  ContextLease(ContextPool pool, PooledContext context) {
    this(pool, context, null);
  }

  private ContextLease(ContextPool pool, PooledContext context, @Nullable ContextLease outer) {
    this.pool = pool;
    this.context = context;
    this.outer = outer;
  }

  /** The lease that the calling thread works for: it is a carrier, and Python called Java. */
  static @Nullable ContextLease current() {
    return CURRENT.get();
  }

  /** A lease of the same context for a call within this one's call, on the same thread. */
  ContextLease nested() {
    return new ContextLease(pool, context, this);
  }

  boolean isOf(ContextPool other) {
    return pool == other;
  }

  PythonContext context() {
    return context.context;
  }

  /** The context's name. */
  public String name() {
    return context.name();
  }

  /**
   * Does the call's work, and gives the context back.
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

  /** Starts work on the carrier; whoever does tells when it has {@linkplain #ended ended}. */
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

  /** Does work at once: this is the carrier. */
  <T extends @Nullable Object> Execution<T> startWithin(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around) {
    return context.context.runWithin(framework, watched(framework, work), around);
  }

  private <T extends @Nullable Object> Function<Commands, T> watched(
      String framework, Function<Commands, T> work) {
    return commands -> work.apply(new Watched(framework, commands));
  }

  /** On the carrier: does work that calls of it are nested in. */
  void during(Runnable work) {
    CURRENT.set(this);
    try {
      work.run();
    } finally {
      CURRENT.remove();
    }
  }

  /**
   * Tells of each command, and remembers the worst failure of one, which the work may have got
   * over.
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

  /** Whether the deadline of a call within its call stopped it. */
  boolean isStoppedWithin() {
    return stopped;
  }

  /** Stops its own work, and not what the context is given next. */
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

  /** The work has ended, and the context goes back. */
  void ended(@Nullable Throwable failure) {
    metWith(failure);
    pool.release(context, fault);
  }

  /** Gives the context back, unless it was given work. Twice is once. */
  @Override
  public void close() {
    if (!over && outer == null) {
      over = true;
      pool.release(context, null);
    }
  }
}
