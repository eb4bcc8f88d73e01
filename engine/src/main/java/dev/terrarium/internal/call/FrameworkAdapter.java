package dev.terrarium.internal.call;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.spi.Shortcut;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.MessageFormat;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The commands of one framework with the same options for each call. Immutable. */
public record FrameworkAdapter(BridgeSource source, Calls calls, CallOptions options) implements Adapter {

  @Override
  public String framework() {
    return source.name();
  }

  @Override
  public Adapter with(CallOptions other) {
    return new FrameworkAdapter(source, calls, other);
  }

  @Override
  public @Nullable Object call(String command, Map<String, ?> arguments) {
    return calls.call(source, new Command(command, arguments), options);
  }

  @Override
  public <T> T call(String command, Map<String, ?> arguments, Class<T> type) {
    return TypedReader.read(call(command, arguments), type, "result");
  }

  @Override
  public @Nullable Object call(Shortcut shortcut) {
    return calls.call(source, shortcut, options);
  }

  @Override
  public byte[] call(String command, byte[] message, MessageFormat format) {
    return calls.call(source, command, message, format, options);
  }

  @Override
  public CompletableFuture<@Nullable Object> callAsync(String command, Map<String, ?> arguments) {
    return callAsync(command, arguments, result -> result);
  }

  @Override
  public <T extends @Nullable Object> CompletableFuture<T> callAsync(
      String command,
      Map<String, ?> arguments,
      Function<? super @Nullable Object, ? extends T> reading) {
    return calls.callAsync(source, new Command(command, arguments), options, reading);
  }

  @Override
  public <T extends @Nullable Object> CompletableFuture<T> callAsync(
      Shortcut shortcut, Function<? super @Nullable Object, ? extends T> reading) {
    return calls.callAsync(source, shortcut, options, reading);
  }

  @Override
  public List<CallResult<@Nullable Object>> batch(List<Command> commands) {
    return calls.batch(source, commands, options);
  }

  @Override
  public List<CallResult<@Nullable Object>> callAll(List<Command> commands) {
    return calls.callAll(source, commands, options);
  }

  @Override
  public List<CallResult<@Nullable Object>> callAllShortcuts(List<? extends Shortcut> shortcuts) {
    return calls.callAllShortcuts(source, shortcuts, options);
  }

  @Override
  public Flow.Publisher<Object> stream(String command, Map<String, ?> arguments) {
    return stream(command, arguments, piece -> piece);
  }

  @Override
  public <T> Flow.Publisher<T> stream(
      String command, Map<String, ?> arguments, Function<Object, ? extends T> reading) {
    return calls.stream(source, new Command(command, arguments), options, reading);
  }

  @Override
  public String toString() {
    return "Adapter[" + framework() + "]";
  }
}
