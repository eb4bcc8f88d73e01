package dev.terrarium.pool;

import dev.terrarium.context.Commands;
import dev.terrarium.context.Execution;
import dev.terrarium.context.PythonContext;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.resource.CallScope;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A borrowed context, ready for one piece of work. For one thread, which closes it. A call that its
 * caller no longer waits for is stopped, and the context returns to the pool when it has.
 */
public final class ContextLease implements AutoCloseable {

  /** On a carrier, the lease that it works for. */
  private static final ThreadLocal<@Nullable ContextLease> CURRENT = new ThreadLocal<>();

  private final ContextPool pool;
  private final PooledContext context;
  private final String framework;
  private final Deadline deadline;
  private final @Nullable ContextLease outer;
  private @Nullable Execution<?> call;
  private volatile @Nullable Throwable fault;
  private boolean closed;

  ContextLease(ContextPool pool, PooledContext context, Waiter borrower) {
    this(pool, context, borrower.name(), borrower.deadline, null);
  }

  private ContextLease(
      ContextPool pool,
      PooledContext context,
      String framework,
      Deadline deadline,
      @Nullable ContextLease outer) {
    this.pool = pool;
    this.context = context;
    this.framework = framework;
    this.deadline = deadline;
    this.outer = outer;
  }

  /** The lease that the calling thread works for: it is a carrier, and Python called Java. */
  static @Nullable ContextLease current() {
    return CURRENT.get();
  }

  /** A lease of the same context for a call within this one's call, on the same thread. */
  ContextLease nested(String nestedFramework, Deadline nestedDeadline) {
    return new ContextLease(pool, context, nestedFramework, nestedDeadline, this);
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

  /** Whether a command of the framework says that it may be run again after it failed. */
  public boolean isIdempotent(String command) {
    return context.context.isIdempotent(framework, command);
  }

  /**
   * Does work with the commands of the framework that the context was borrowed for.
   *
   * @param name the command's, for messages
   * @param scope what the work's code sees of the call
   * @param propagation given the work on the calling thread; what it returns is run on the carrier
   * @throws CallTimeoutException when the deadline passes; the work is then stopped
   * @throws CallInterruptedException when the calling thread is interrupted; so it is then
   */
  public <T extends @Nullable Object> T run(
      String name,
      Function<Commands, T> work,
      CallScope scope,
      UnaryOperator<Runnable> propagation) {
    String what = "'" + framework + "." + name + "'";
    if (outer != null) {
      return runWithin(outer, commands -> work.apply(new Watched(commands)), scope, what);
    }
    Execution<T> running =
        context.context.run(
            framework,
            commands -> work.apply(new Watched(commands)),
            body -> propagation.apply(bound(scope, body)));
    call = running;
    pool.runs(context, running);
    if (!Awaiting.isDoneWithin(running.result(), pool.left(deadline), what)) {
      throw passed(what);
    }
    return result(running, what);
  }

  /**
   * Runs at once, on this thread, which is the carrier. A deadline that passes stops both calls.
   */
  private <T extends @Nullable Object> T runWithin(
      ContextLease caller, Function<Commands, T> work, CallScope scope, String what) {
    Runnable disarm = pool.whenOver(deadline, caller::stop);
    try {
      return result(context.context.run(framework, work, body -> () -> scope.run(body)), what);
    } finally {
      disarm.run();
    }
  }

  /**
   * Tells of each command, and remembers the worst failure of one, which the work may have got
   * over.
   */
  private final class Watched implements Commands {

    private final Commands commands;

    Watched(Commands commands) {
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
      if (failure != null && FaultPolicy.of(failure).compareTo(FaultPolicy.of(fault)) > 0) {
        fault = failure;
      }
      pool.executed(framework, command, name(), begin, failure);
    }
  }

  private void stop() {
    Execution<?> work = context.running;
    if (work != null) {
      work.interrupt();
    }
  }

  private <T extends @Nullable Object> T result(Execution<T> work, String what) {
    Throwable reason = Awaiting.failureOf(work.result());
    if (reason == null) {
      return work.result().join();
    }
    if (reason instanceof CancellationException) {
      throw pool.isClosed()
          ? new CallInterruptedException(
              what + " was stopped because its Terrarium was closed.", reason)
          : passed(what);
    }
    RuntimeException failure = Awaiting.unchecked(reason);
    Awaiting.addCaller(failure);
    throw failure;
  }

  private CallTimeoutException passed(String what) {
    String whose =
        deadline == Deadline.none()
            ? " was stopped, because a call within it did not end within its deadline, in "
            : " did not end within its deadline of " + deadline + " and is being stopped in ";
    return new CallTimeoutException(what + whose + name() + ".");
  }

  /** The work with this lease and the caller's class loader around it. */
  private Runnable bound(CallScope scope, Runnable body) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return () -> {
      Thread carrier = Thread.currentThread();
      ClassLoader own = carrier.getContextClassLoader();
      carrier.setContextClassLoader(loader);
      CURRENT.set(this);
      try {
        scope.run(body);
      } finally {
        CURRENT.remove();
        carrier.setContextClassLoader(own);
      }
    };
  }

  /** Gives the context back, at once or when its call has stopped. Twice is once. */
  @Override
  public void close() {
    if (closed || outer != null) {
      return;
    }
    closed = true;
    Execution<?> work = call;
    if (work == null) {
      pool.release(context, null);
    } else if (work.result().isDone()) {
      Throwable failure = Awaiting.failureOf(work.result());
      pool.release(context, failure == null ? fault : failure);
    } else {
      pool.giveUp(context, work);
    }
  }
}
