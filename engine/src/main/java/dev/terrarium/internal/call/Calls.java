package dev.terrarium.internal.call;

import dev.terrarium.AccessProfile;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.ContextPropagation;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.internal.admission.Admission;
import dev.terrarium.internal.admission.Permit;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.pool.Deadline;
import dev.terrarium.internal.pool.PoolCall;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.SessionTurn;
import dev.terrarium.internal.resource.Sessions;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.Shortcut;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The ways to call a framework, each of which consists of one or more visits to a context.
 * Thread-safe.
 */
public final class Calls {

  /** A command that every bridge has, and which only needs the framework to be loaded. */
  private static final String BATCH = "batch";

  private final ContextPool pool;
  private final Sessions sessions;
  private final Admission admission;
  private final ContextPropagation propagation;
  private final CallSettings settings;
  private final int contexts;
  private final Function<AccessProfile, Map<String, HostFunction>> services;
  private final Events events;

  /**
   * Creates the calls of one Terrarium.
   *
   * @param contexts number of calls that can run at once
   * @param services the host functions that a shortcut can call, by the access that Python code has
   * @param events the observers, to which each call is reported
   */
  public Calls(
      ContextPool pool,
      Sessions sessions,
      Admission admission,
      ContextPropagation propagation,
      CallSettings settings,
      int contexts,
      Function<AccessProfile, Map<String, HostFunction>> services,
      Events events) {
    this.pool = pool;
    this.sessions = sessions;
    this.admission = admission;
    this.propagation = propagation;
    this.settings = settings;
    this.contexts = contexts;
    this.services = services;
    this.events = events;
  }

  /** Runs a command, and returns plain data, which the command can read. */
  public @Nullable Object call(BridgeSource framework, Command<?> command, CallOptions options) {
    Request request = request(command);
    return call(framework, request, options, turns(options).get());
  }

  private @Nullable Object call(
      BridgeSource framework, Request request, CallOptions options, @Nullable SessionTurn turn) {
    Shortcut shortcut = request.shortcut();
    return shortcut == null
        ? visit(framework, request.name(), options, turn, request)
        : admit(
            framework,
            request.name(),
            options,
            turn,
            call -> take(framework, shortcut, call),
            () -> null);
  }

  /** Returns a command with its arguments, which are decoded if the command is a message. */
  private Request request(Command<?> command) {
    return new Request(
        command.name(), command.arguments(settings.maxMessage()), command.shortcut());
  }

  /**
   * Returns a command that is to run in a context, with its arguments.
   *
   * @throws ArgumentException when the command is a shortcut
   */
  private Request pythonRequest(String purpose, Command<?> command) {
    if (command.shortcut() != null) {
      throw new ArgumentException(
          purpose + ": a shortcut holds no context; call it, or use callAsync or callAll.");
    }
    return request(command);
  }

  /**
   * Returns a supplier of turns in the session, as the calling thread would get them; the supplier
   * returns null without a session.
   */
  private Supplier<? extends @Nullable SessionTurn> turns(CallOptions options) {
    String session = options.session().orElse(null);
    return session == null ? () -> null : sessions.turns(session);
  }

  /** Runs work in a context that is ready for the command. */
  private <T extends @Nullable Object> T visit(
      BridgeSource framework,
      String command,
      CallOptions options,
      @Nullable SessionTurn turn,
      ContextTask<T> work) {
    return admit(
        framework,
        command,
        options,
        turn,
        call -> visit(framework, command, call, work),
        work::failure);
  }

  /** A call that has its turn and is admitted. */
  private record Admitted(
      @Nullable String account,
      Deadline deadline,
      @Nullable SessionTurn turn,
      Permit permit,
      @Nullable CallWatch watch) {

    /** Returns an action that undoes what the attempt that begins now changes in the session. */
    Runnable savepoint() {
      return turn == null ? () -> {} : turn.savepoint();
    }

    CallScope scope(BridgeSource framework) {
      return new CallScope(framework.name(), account, permit, turn);
    }
  }

  /**
   * Makes a call after it got its turn in its session, if it has one, and was admitted; reports the
   * call to the observers.
   *
   * @param failure returns the failure of a call that returned, or null when the call succeeded
   */
  private <T extends @Nullable Object> T admit(
      BridgeSource framework,
      String command,
      CallOptions options,
      @Nullable SessionTurn turn,
      Function<Admitted, T> call,
      Supplier<? extends @Nullable Throwable> failure) {
    Duration timeout = options.deadline().orElse(null);
    Deadline deadline = Deadline.after(timeout);
    String account = account(options);
    CallWatch watch = CallWatch.of(events, framework.name(), command, account, options);
    Throwable failed = null;
    try (turn) {
      if (turn != null) {
        turn.await(timeout, "'" + framework.name() + "." + command + "'");
      }
      Permit permit = admission.admit(framework.name(), account, deadline);
      T result = call.apply(new Admitted(account, deadline, turn, permit, watch));
      if (turn != null) {
        turn.succeed();
      }
      failed = failure.get();
      return result;
    } catch (Throwable e) {
      failed = e;
      throw e;
    } finally {
      if (watch != null) {
        watch.end(failed);
      }
    }
  }

  /** Runs a shortcut, and retries it after a failure if that is safe and configured. */
  private @Nullable Object take(BridgeSource framework, Shortcut shortcut, Admitted call) {
    Map<String, HostFunction> offered = services.apply(framework.profile());
    Shortcut.Host host = (name, arguments) -> service(offered, name).call(Arrays.asList(arguments));
    while (true) {
      Runnable undo = call.savepoint();
      HandedOver rest = null;
      try {
        CallScope scope = call.scope(framework);
        if (call.turn != null) {
          call.turn.start();
        }
        switch (attempt(shortcut, host, scope, call)) {
          case Shortcut.Answered(Object answer) -> {
            call.permit.end(null);
            return answer;
          }
          case Shortcut.HandedOver(Command<?> command) -> {
            rest = new HandedOver(request(command), !shortcut.isIdempotent());
            return visit(framework, command.name(), call, rest);
          }
        }
      } catch (Throwable e) {
        boolean waitedInVain = rest != null && !rest.begun;
        if (waitedInVain || !shortcut.isIdempotent() || !call.permit.again(e)) {
          throw e;
        }
        undo.run();
      }
    }
  }

  private Shortcut.Outcome attempt(
      Shortcut shortcut, Shortcut.Host host, CallScope scope, Admitted call) {
    if (call.watch != null) {
      call.watch.run();
    }
    try {
      return Objects.requireNonNull(
          within(
              call.deadline,
              () -> pool.withoutContext(() -> scope.call(() -> shortcut.attempt(host)))),
          "the shortcut's outcome");
    } catch (Throwable e) {
      call.permit.end(e);
      throw e;
    } finally {
      if (call.watch != null) {
        call.watch.pause();
      }
    }
  }

  /** The command that a shortcut hands over to Python. */
  private static final class HandedOver implements ContextTask<@Nullable Object> {

    private final Request command;
    private final boolean alone;

    /** Whether the command has started in a context. */
    volatile boolean begun;

    /**
     * Creates the task of one command.
     *
     * @param alone whether the command may be retried by itself, and not together with the shortcut
     */
    HandedOver(Request command, boolean alone) {
      this.command = command;
      this.alone = alone;
    }

    @Override
    public @Nullable Object apply(Commands commands) {
      begun = true;
      return command.apply(commands);
    }

    @Override
    public boolean isRepeatable() {
      return alone;
    }
  }

  private static HostFunction service(Map<String, HostFunction> services, String name) {
    HostFunction service = services.get(name);
    if (service == null) {
      throw new ArgumentException(
          "The host offers no service '"
              + name
              + "'. Services: "
              + new TreeSet<>(services.keySet()));
    }
    return service;
  }

  /**
   * Runs work on this thread or, with a deadline, on a virtual thread that is interrupted when the
   * deadline passes.
   */
  private <T> T within(Deadline deadline, Supplier<T> work) {
    if (deadline == Deadline.none()) {
      return work.get();
    }
    CallFuture<T> answer = CallFuture.start(propagated(work::get));
    try {
      return answer.get(deadline.left(System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new CallTimeoutException(
          "The call did not end within its deadline of " + deadline + ", and is being stopped.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for the call.", e);
    } catch (ExecutionException e) {
      throw unchecked(e);
    } finally {
      answer.cancel(true);
    }
  }

  /** Returns the exception that failed; throws it if it is an error. */
  private static RuntimeException unchecked(ExecutionException e) {
    return switch (e.getCause()) {
      case RuntimeException failure -> failure;
      case Error error -> throw error;
      case null, default -> new IllegalStateException(e);
    };
  }

  /**
   * Runs work in a context that is ready for the command, and retries it after a failure if that is
   * safe and configured.
   */
  private <T extends @Nullable Object> T visit(
      BridgeSource framework, String command, Admitted call, ContextTask<T> work) {
    Function<Commands, T> started = started(call.turn, work);
    Function<Commands, T> watched = call.watch == null ? started : call.watch.timed(started);
    while (true) {
      Runnable undo = call.savepoint();
      PoolCall<T> attempt =
          new PoolCall<>(
              framework, command, call.deadline, watched, call.scope(framework), propagation::wrap);
      T result;
      try {
        result = pool.run(attempt);
      } catch (Throwable e) { // the context has been released
        call.permit.end(e);
        if (attempt.isIdempotent() && work.isRepeatable() && call.permit.again(e)) {
          undo.run();
          continue;
        }
        throw e;
      }
      call.permit.end(work.failure());
      return result;
    }
  }

  /** Returns the work, which first marks the start of its turn's call. */
  private static <T extends @Nullable Object> Function<Commands, T> started(
      @Nullable SessionTurn turn, ContextTask<T> work) {
    return turn == null
        ? work
        : commands -> {
          turn.start();
          return work.apply(commands);
        };
  }

  /**
   * Returns the key of the account on which a call is made: the options' key, or for a call within
   * a call the outer call's.
   */
  private static @Nullable String account(CallOptions options) {
    return options
        .callerKey()
        .or(() -> CallScope.current().flatMap(CallScope::callerKey))
        .orElse(null);
  }

  /**
   * Returns the options with the account's key, for calls on other threads, which do not know the
   * outer call of this thread.
   */
  private static CallOptions onAccount(CallOptions options) {
    String account = account(options);
    return account == null ? options : options.withCallerKey(account);
  }

  /**
   * Starts a command on a virtual thread; the future's value is the result as the command reads it.
   */
  <R extends @Nullable Object> CompletableFuture<R> callAsync(
      BridgeSource framework, Command<R> command, CallOptions options) {
    Request request = request(command);
    return async(options, (own, turn) -> command.read(call(framework, request, own, turn)));
  }

  private <T extends @Nullable Object> CompletableFuture<T> async(
      CallOptions options, BiFunction<CallOptions, @Nullable SessionTurn, T> call) {
    CallOptions own = onAccount(options);
    // Taken here, so that turns come in the order of the calls and not of their threads.
    SessionTurn turn = turns(options).get();
    try {
      Callable<T> propagated = propagated(() -> call.apply(own, turn));
      return CallFuture.start(
          () -> {
            try (turn) {
              return propagated.call();
            }
          });
    } catch (RuntimeException | Error e) {
      if (turn != null) {
        turn.close();
      }
      throw e;
    }
  }

  /**
   * Returns the work with the propagated values of the calling thread, to be run on another thread.
   */
  private <T extends @Nullable Object> Callable<T> propagated(Callable<T> work) {
    ClassLoader callers = Thread.currentThread().getContextClassLoader();
    CompletableFuture<T> answer = new CompletableFuture<>();
    Runnable propagated =
        propagation.wrap(
            () -> {
              try {
                answer.complete(work.call());
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              }
            });
    return () -> {
      Thread.currentThread().setContextClassLoader(callers);
      propagated.run();
      if (!answer.isDone()) {
        throw new IllegalStateException("The context propagation did not run the call.");
      }
      return outcome(answer);
    };
  }

  private static <T extends @Nullable Object> T outcome(CompletableFuture<T> done)
      throws Exception {
    try {
      return done.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw e;
      }
    }
  }

  List<CallResult<@Nullable Object>> batch(
      BridgeSource framework, List<? extends Command<?>> commands, CallOptions options) {
    if (commands.size() > settings.maxBatch()) {
      throw new ArgumentException(
          "batch: "
              + commands.size()
              + " commands are more than the "
              + settings.maxBatch()
              + " that one batch may hold. Split it, use callAll, or raise maxBatch.");
    }
    if (commands.isEmpty()) {
      return List.of();
    }
    List<Request> requests = commands.stream().map(each -> pythonRequest("batch", each)).toList();
    Batch batch = new Batch(requests, options.stopsOnFailure());
    try {
      visit(framework, BATCH, options, turns(options).get(), batch);
    } catch (CallTimeoutException e) {
      if (!batch.hasBegun()) {
        throw e;
      }
      batch.failRest(e);
    }
    return batch.results();
  }

  List<CallResult<@Nullable Object>> callAll(
      BridgeSource framework, List<? extends Command<?>> commands, CallOptions options) {
    Supplier<? extends @Nullable SessionTurn> turns = turns(options);
    CallOptions own = onAccount(options);
    int size = commands.size();
    List<CallResult<@Nullable Object>> results =
        Collections.synchronizedList(
            new ArrayList<>(Collections.nCopies(size, new CallResult.Skipped<>())));
    AtomicInteger begun = new AtomicInteger();
    AtomicBoolean stopped = new AtomicBoolean();
    Callable<@Nullable Void> worker =
        () -> {
          for (int i = begun.getAndIncrement();
              i < size && !stopped.get();
              i = begun.getAndIncrement()) {
            Command<?> next = commands.get(i);
            CallResult<@Nullable Object> result =
                CallResult.<@Nullable Object>of(
                    () -> call(framework, request(next), own, turns.get()));
            results.set(i, result);
            if (!result.isSuccess() && options.stopsOnFailure()) {
              stopped.set(true);
            }
          }
          return null;
        };
    if (pool.isWithinCall()) {
      runHere(worker);
    } else {
      List<CallFuture<@Nullable Void>> workers = new ArrayList<>();
      try {
        // Calls of one session take turns anyway; calls in a turn that they are part of would not.
        int most = options.session().isPresent() ? 1 : contexts;
        for (int i = 0; i < Math.min(most, size); i++) {
          workers.add(CallFuture.start(propagated(worker)));
        }
        join(workers);
      } finally {
        workers.forEach(each -> each.cancel(true));
      }
    }
    return List.copyOf(results);
  }

  private static void runHere(Callable<?> work) {
    try {
      Object unused = work.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits for all workers, until one fails or this thread is interrupted. */
  private static void join(List<CallFuture<@Nullable Void>> workers) {
    try {
      for (CallFuture<?> worker : workers) {
        Object unused = worker.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for the calls.", e);
    } catch (ExecutionException e) {
      throw unchecked(e);
    }
  }

  <R> Flow.Publisher<R> stream(BridgeSource framework, Command<R> command, CallOptions options) {
    Request request = pythonRequest("stream", command);
    Supplier<? extends @Nullable SessionTurn> turns = turns(options);
    CallOptions own = onAccount(options);
    return new CallStream<>(
        "The stream of '" + framework.name() + "." + request.name() + "'",
        sink ->
            visit(
                framework,
                request.name(),
                own,
                turns.get(),
                new Streaming(
                    request, piece -> sink.accept(piece == null ? null : command.read(piece)))),
        this::propagated,
        settings.streamBuffer(),
        settings.streamIdleTimeout());
  }
}
