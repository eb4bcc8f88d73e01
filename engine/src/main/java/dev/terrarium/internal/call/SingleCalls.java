package dev.terrarium.internal.call;

import dev.terrarium.AccessProfile;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.ContextPropagation;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.pool.Deadline;
import dev.terrarium.internal.resource.SessionTurn;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.Shortcut;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The calls of one command or task each, for which the calling thread waits. Thread-safe. */
final class SingleCalls {

  private final ContextPool pool;
  private final CallRail rail;
  private final CallThreads threads;
  private final ContextPropagation propagation;
  private final int maxMessage;
  private final Function<AccessProfile, Map<String, HostFunction>> services;

  /**
   * Creates the calls of one Terrarium.
   *
   * @param maxMessage maximum number of bytes of a command that is a message
   * @param services the host functions that a shortcut can call, by the access that Python code has
   */
  SingleCalls(
      ContextPool pool,
      CallRail rail,
      CallThreads threads,
      ContextPropagation propagation,
      int maxMessage,
      Function<AccessProfile, Map<String, HostFunction>> services) {
    this.pool = pool;
    this.rail = rail;
    this.threads = threads;
    this.propagation = propagation;
    this.maxMessage = maxMessage;
    this.services = services;
  }

  /** Returns a command with its arguments, which are decoded if the command is a message. */
  Request request(Command<?> command) {
    return new Request(command.name(), command.arguments(maxMessage), command.shortcut());
  }

  /**
   * Returns a command that is to run in a context, with its arguments.
   *
   * @throws ArgumentException when the command is a shortcut
   */
  Request pythonRequest(String purpose, Command<?> command) {
    if (command.shortcut() != null) {
      throw new ArgumentException(
          purpose + ": a shortcut holds no context; call it, or use callAsync or callAll.");
    }
    return request(command);
  }

  /** Runs a command, with or without a context, and returns plain data. */
  @Nullable Object call(
      BridgeSource framework, Request request, CallOptions options, @Nullable SessionTurn turn) {
    Shortcut shortcut = request.shortcut();
    CallAttempt<@Nullable Object> attempt =
        shortcut == null ? visit(request) : new ShortcutAttempt(this, shortcut);
    return rail.run(framework, request.name(), options, turn, attempt);
  }

  /** Runs a task in a context that is ready for it. */
  <T extends @Nullable Object> T run(
      BridgeSource framework,
      ContextTask<T> task,
      CallOptions options,
      @Nullable SessionTurn turn) {
    return rail.run(framework, task.name(), options, turn, visit(task));
  }

  /** Returns the attempt to run a task in a context that is ready for it. */
  <T extends @Nullable Object> CallAttempt<T> visit(ContextTask<T> task) {
    return new ContextVisit<>(pool, propagation, task);
  }

  /** Returns the host functions that a shortcut of a framework can call. */
  Map<String, HostFunction> services(BridgeSource framework) {
    return services.apply(framework.profile());
  }

  /** Runs work that needs no context, within a deadline. */
  <T> T withoutContext(Deadline deadline, Supplier<T> work) {
    return threads.within(deadline, () -> pool.withoutContext(work));
  }
}
