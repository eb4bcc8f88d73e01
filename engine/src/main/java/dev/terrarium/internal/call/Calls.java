package dev.terrarium.internal.call;

import dev.terrarium.AccessProfile;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.ContextPropagation;
import dev.terrarium.internal.admission.Admission;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.resource.Sessions;
import dev.terrarium.spi.HostFunction;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The ways to call a framework, each of which consists of one or more visits to a context.
 * Thread-safe.
 */
public final class Calls {

  private final int contexts;
  private final CallRail rail;
  private final SingleCalls single;
  private final ManyCalls many;
  private final AsyncCalls async;

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
    this.contexts = contexts;
    CallThreads threads = new CallThreads(propagation);
    rail = new CallRail(sessions, admission, events);
    single = new SingleCalls(pool, rail, threads, propagation, settings.maxMessage(), services);
    many = new ManyCalls(pool, single, rail, threads, settings.maxBatch(), contexts);
    async = new AsyncCalls(single, rail, threads, settings);
  }

  /** Returns the number of calls that can run at once. */
  int contexts() {
    return contexts;
  }

  /** Runs a command, and returns plain data, which the command can read. */
  public @Nullable Object call(BridgeSource framework, Command<?> command, CallOptions options) {
    Request request = single.request(command);
    return single.call(framework, request, options, rail.turns(options).get());
  }

  /**
   * Starts a command on a virtual thread; the future's value is the result as the command reads it.
   */
  <R extends @Nullable Object> CompletableFuture<R> callAsync(
      BridgeSource framework, Command<R> command, CallOptions options) {
    return async.call(framework, command, options);
  }

  /** Runs commands one after another in one visit to a context. */
  List<CallResult<@Nullable Object>> batch(
      BridgeSource framework, List<? extends Command<?>> commands, CallOptions options) {
    List<Request> requests = many.requests(commands);
    return requests.isEmpty()
        ? List.of()
        : many.batch(framework, requests, options, rail.turns(options).get());
  }

  /**
   * Starts commands that run one after another in one visit to a context, on a virtual thread.
   *
   * @param reading makes the future's value of the results
   */
  <R> CompletableFuture<R> batchAsync(
      BridgeSource framework,
      List<? extends Command<?>> commands,
      CallOptions options,
      Function<List<CallResult<@Nullable Object>>, R> reading) {
    List<Request> requests = many.requests(commands);
    return requests.isEmpty()
        ? CompletableFuture.completedFuture(reading.apply(List.of()))
        : async.start(
            options, (own, turn) -> reading.apply(many.batch(framework, requests, own, turn)));
  }

  /** Runs each command as a call of its own, as many at a time as there are contexts. */
  List<CallResult<@Nullable Object>> callAll(
      BridgeSource framework, List<? extends Command<?>> commands, CallOptions options) {
    return many.callAll(framework, commands, options);
  }

  /** Returns a publisher of the pieces that a command yields; each subscriber has its own call. */
  <R> Flow.Publisher<R> stream(BridgeSource framework, Command<R> command, CallOptions options) {
    return async.stream(framework, command, options);
  }
}
