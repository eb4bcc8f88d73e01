package dev.terrarium.internal.call;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.internal.context.BridgeSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** An adapter of one framework, which makes each call with the same options. Immutable. */
public record FrameworkAdapter(BridgeSource source, Calls calls, CallOptions options)
    implements Adapter {

  @Override
  public String framework() {
    return source.name();
  }

  @Override
  public int contexts() {
    return calls.contexts();
  }

  @Override
  public Adapter with(CallOptions other) {
    return new FrameworkAdapter(source, calls, other);
  }

  @Override
  public @Nullable Object call(String command, Map<String, ?> arguments) {
    return call(Command.of(command, arguments));
  }

  @Override
  public <R extends @Nullable Object> R call(Command<R> command) {
    return command.read(calls.call(source, command, options));
  }

  @Override
  public <R extends @Nullable Object> CompletableFuture<R> callAsync(Command<R> command) {
    return calls.callAsync(source, command, options);
  }

  @Override
  public <R extends @Nullable Object> List<CallResult<R>> batch(
      List<? extends Command<R>> commands) {
    return read(commands, calls.batch(source, commands, options));
  }

  @Override
  public <R extends @Nullable Object> CompletableFuture<List<CallResult<R>>> batchAsync(
      List<? extends Command<R>> commands) {
    return calls.batchAsync(source, commands, options, results -> read(commands, results));
  }

  @Override
  public <R extends @Nullable Object> List<CallResult<R>> callAll(
      List<? extends Command<R>> commands) {
    return read(commands, calls.callAll(source, commands, options));
  }

  private static <R extends @Nullable Object> List<CallResult<R>> read(
      List<? extends Command<R>> commands, List<CallResult<@Nullable Object>> results) {
    return IntStream.range(0, results.size())
        .<CallResult<R>>mapToObj(i -> results.get(i).map(commands.get(i)::read))
        .toList();
  }

  @Override
  public <R> Flow.Publisher<R> stream(Command<R> command) {
    return calls.stream(source, command, options);
  }

  @Override
  public String toString() {
    return "Adapter[" + framework() + "]";
  }
}
