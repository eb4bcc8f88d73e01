package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.spi.HostFunction;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A program that DSPy makes of others, and that may call Java functions, beside those of the
 * programs within. Thread-safe if these functions are.
 */
abstract sealed class ActingProgram<I extends Record, O extends Record> extends TypedProgram<I, O>
    permits RewardedProgram, CombinedProgram {

  private final Map<String, HostFunction> functions;

  ActingProgram(
      Adapter adapter,
      String id,
      Class<I> inputs,
      Class<O> outputs,
      Map<String, HostFunction> functions) {
    super(adapter, id, inputs, outputs);
    this.functions = functions;
  }

  @Override
  protected final Command<O> command(I input) {
    return traced(input, false).map(traced -> outputs(traced.outputs()));
  }

  /**
   * Runs the program, and returns with its outputs what the last request was and what all of them
   * cost.
   */
  public final Traced<O> trace(I input) {
    return adapter().call(typed(input));
  }

  /**
   * Starts the program as {@link #trace} runs it, and returns without waiting, as {@link
   * #callAsync} does.
   */
  public final CompletableFuture<Traced<O>> traceAsync(I input) {
    return adapter().callAsync(typed(input));
  }

  private Command<Traced<O>> typed(I input) {
    return traced(input, true).map(traced -> traced.with(outputs(traced.outputs())));
  }

  private Command<Traced<Map<String, @Nullable Object>>> traced(I input, boolean trace) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("program", id());
    arguments.put("inputs", Objects.requireNonNull(input, "input"));
    arguments.put("trace", trace);
    if (functions.isEmpty()) {
      return Command.of(UntypedDspyProgram.CALL, arguments).map(UntypedDspyProgram::read);
    }
    arguments.put("tools", functions);
    return acting(arguments).map(UntypedDspyProgram::read);
  }

  /** Returns the command that runs the program, with the arguments of the bridge's {@code act}. */
  Command<@Nullable Object> acting(Map<String, Object> arguments) {
    return Command.of("act", arguments);
  }

  @Override
  final Map<String, HostFunction> functions() {
    return functions;
  }
}
