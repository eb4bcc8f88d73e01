package dev.terrarium;

import dev.terrarium.context.BridgeSource;
import dev.terrarium.context.Commands;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.pool.ContextLease;
import dev.terrarium.pool.ContextPool;
import dev.terrarium.pool.Deadline;
import dev.terrarium.resource.CallScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The ways to call a framework; each is one or more visits to a context. Thread-safe. */
final class Calls {

  /** The command of every bridge that needs the framework to be loaded, and nothing else. */
  private static final String BATCH = "batch";

  private final ContextPool pool;
  private final ContextPropagation propagation;
  private final CallSettings settings;
  private final int contexts;

  /**
   * @param contexts how many calls can run at once
   */
  Calls(ContextPool pool, ContextPropagation propagation, CallSettings settings, int contexts) {
    this.pool = pool;
    this.propagation = propagation;
    this.settings = settings;
    this.contexts = contexts;
  }

  @Nullable Object call(BridgeSource framework, Command command, CallOptions options) {
    return visit(
        framework,
        command.name(),
        options,
        commands -> commands.call(command.name(), command.arguments()));
  }

  /** Borrows a context that is ready for the command and does the work in it. */
  private <T extends @Nullable Object> T visit(
      BridgeSource framework, String command, CallOptions options, Function<Commands, T> work) {
    Deadline deadline = Deadline.after(options.deadline().orElse(null));
    try (ContextLease lease = pool.borrow(framework, command, deadline)) {
      CallScope scope = new CallScope(framework.name(), options.callerKey().orElse(null));
      return lease.run(command, work, scope, propagation::wrap);
    }
  }

  /**
   * @param reading makes of the result what the future holds
   */
  <T extends @Nullable Object> CompletableFuture<T> callAsync(
      BridgeSource framework,
      Command command,
      CallOptions options,
      Function<? super @Nullable Object, ? extends T> reading) {
    return CallFuture.start(propagated(() -> reading.apply(call(framework, command, options))));
  }

  /** The work with what the calling thread has around it, to be run on another one. */
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
      BridgeSource framework, List<Command> commands, CallOptions options) {
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
    Batch batch = new Batch(commands, options.stopsOnFailure());
    try {
      visit(framework, BATCH, options, batch::run);
    } catch (CallTimeoutException e) {
      if (!batch.hasBegun()) {
        throw e;
      }
      batch.failRest(e);
    }
    return batch.results();
  }

  List<CallResult<@Nullable Object>> callAll(
      BridgeSource framework, List<Command> commands, CallOptions options) {
    int size = commands.size();
    List<CallResult<@Nullable Object>> results =
        Collections.synchronizedList(
            new ArrayList<>(Collections.nCopies(size, new CallResult.Skipped<>())));
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean stopped = new AtomicBoolean();
    Callable<@Nullable Void> worker =
        () -> {
          for (int i = next.getAndIncrement();
              i < size && !stopped.get();
              i = next.getAndIncrement()) {
            Command command = commands.get(i);
            CallResult<@Nullable Object> result =
                CallResult.<@Nullable Object>of(() -> call(framework, command, options));
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
      for (int i = 0; i < Math.min(contexts, size); i++) {
        workers.add(CallFuture.start(propagated(worker)));
      }
      join(workers);
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

  /** Waits for all; when one fails, or this thread is interrupted, the others are stopped. */
  private static void join(List<CallFuture<@Nullable Void>> workers) {
    try {
      for (CallFuture<?> worker : workers) {
        Object unused = worker.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for the calls.", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } finally {
      workers.forEach(worker -> worker.cancel(true));
    }
  }

  /**
   * @param reading makes of what the command yields what subscribers get
   */
  <T> Flow.Publisher<T> stream(
      BridgeSource framework,
      Command command,
      CallOptions options,
      Function<Object, ? extends T> reading) {
    return new CallStream<>(
        "The stream of '" + framework.name() + "." + command.name() + "'",
        sink ->
            visit(
                framework,
                command.name(),
                options,
                commands -> {
                  commands.stream(
                      command.name(),
                      command.arguments(),
                      piece -> sink.accept(piece == null ? null : reading.apply(piece)));
                  return framework;
                }),
        settings.streamBuffer(),
        settings.streamIdleTimeout());
  }
}
