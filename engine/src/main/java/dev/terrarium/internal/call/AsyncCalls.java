package dev.terrarium.internal.call;

import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.resource.SessionTurn;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls that run on threads of their own while the calling thread goes on: futures and streams.
 * Thread-safe.
 */
final class AsyncCalls {

  private final SingleCalls calls;
  private final CallRail rail;
  private final CallThreads threads;
  private final CallSettings settings;

  AsyncCalls(SingleCalls calls, CallRail rail, CallThreads threads, CallSettings settings) {
    this.calls = calls;
    this.rail = rail;
    this.threads = threads;
    this.settings = settings;
  }

  /**
   * Starts a command on a virtual thread; the future's value is the result as the command reads it.
   */
  <R extends @Nullable Object> CompletableFuture<R> call(
      BridgeSource framework, Command<R> command, CallOptions options) {
    Request request = calls.request(command);
    return start(options, (own, turn) -> command.read(calls.call(framework, request, own, turn)));
  }

  /**
   * Starts a call on a virtual thread.
   *
   * @param call makes the call with its options and its turn in its session
   */
  <R extends @Nullable Object> CompletableFuture<R> start(
      CallOptions options, BiFunction<CallOptions, @Nullable SessionTurn, R> call) {
    CallOptions own = CallRail.onAccount(options);
    // Taken here, so that turns come in the order of the calls and not of their threads.
    SessionTurn turn = rail.turns(options).get();
    try {
      Callable<R> propagated = threads.propagated(() -> call.apply(own, turn));
      return CallFuture.start(
          () -> {
            try (turn) { // closed even if the propagation does not run the call
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

  /** Returns a publisher of the pieces that a command yields; each subscriber has its own call. */
  <R> Flow.Publisher<R> stream(BridgeSource framework, Command<R> command, CallOptions options) {
    Request request = calls.pythonRequest("stream", command);
    Supplier<? extends @Nullable SessionTurn> turns = rail.turns(options);
    CallOptions own = CallRail.onAccount(options);
    return new CallStream<>(
        "The stream of '" + framework.name() + "." + request.name() + "'",
        sink ->
            calls.run(
                framework,
                new Streaming(
                    request, piece -> sink.accept(piece == null ? null : command.read(piece))),
                own,
                turns.get()),
        threads::propagated,
        settings.streamBuffer(),
        settings.streamIdleTimeout());
  }
}
