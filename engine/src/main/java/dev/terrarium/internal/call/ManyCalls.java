package dev.terrarium.internal.call;

import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.resource.SessionTurn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls of many commands at once, with a result for each: batches, and as many concurrent calls
 * as there are contexts. Thread-safe.
 */
final class ManyCalls {

  private final ContextPool pool;
  private final SingleCalls calls;
  private final CallRail rail;
  private final CallThreads threads;
  private final int maxBatch;
  private final int contexts;

  /**
   * Creates the calls of one Terrarium.
   *
   * @param maxBatch maximum number of commands in one batch
   * @param contexts number of calls that can run at once
   */
  ManyCalls(
      ContextPool pool,
      SingleCalls calls,
      CallRail rail,
      CallThreads threads,
      int maxBatch,
      int contexts) {
    this.pool = pool;
    this.calls = calls;
    this.rail = rail;
    this.threads = threads;
    this.maxBatch = maxBatch;
    this.contexts = contexts;
  }

  /**
   * Returns the commands of a batch with their arguments.
   *
   * @throws ArgumentException when they are too many, or one is a shortcut
   */
  List<Request> requests(List<? extends Command<?>> commands) {
    if (commands.size() > maxBatch) {
      throw new ArgumentException(
          "batch: "
              + commands.size()
              + " commands are more than the "
              + maxBatch
              + " that one batch may hold. Split it, use callAll, or raise maxBatch.");
    }
    return commands.stream().map(each -> calls.pythonRequest(Batch.NAME, each)).toList();
  }

  /** Runs commands one after another in one visit to a context. */
  List<CallResult<@Nullable Object>> batch(
      BridgeSource framework,
      List<Request> requests,
      CallOptions options,
      @Nullable SessionTurn turn) {
    Batch batch = new Batch(requests, options.stopsOnFailure());
    try {
      Batch unused = calls.run(framework, batch, options, turn);
    } catch (CallTimeoutException e) {
      if (!batch.hasBegun()) {
        throw e;
      }
      batch.failRest(e);
    }
    return batch.results();
  }

  /** Runs each command as a call of its own, as many at a time as there are contexts. */
  List<CallResult<@Nullable Object>> callAll(
      BridgeSource framework, List<? extends Command<?>> commands, CallOptions options) {
    Supplier<? extends @Nullable SessionTurn> turns = rail.turns(options);
    CallOptions own = CallRail.onAccount(options);
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
                    () -> calls.call(framework, calls.request(next), own, turns.get()));
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
      // Calls of one session take turns anyway; calls in a turn that they are part of would not.
      int most = options.session().isPresent() ? 1 : contexts;
      runConcurrently(worker, Math.min(most, size));
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

  private void runConcurrently(Callable<@Nullable Void> work, int count) {
    List<CallFuture<@Nullable Void>> workers = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        workers.add(threads.start(work));
      }
      join(workers);
    } finally {
      workers.forEach(each -> each.cancel(true));
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
      throw CallThreads.unchecked(e);
    }
  }
}
