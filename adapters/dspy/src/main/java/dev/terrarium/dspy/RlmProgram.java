package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Programs;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import dev.terrarium.tool.Tools;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A program with records as its signature, in which the model writes Python code that looks at the
 * inputs, step by step ({@code dspy.RLM}, a recursive language model). The inputs may be longer
 * than any context window: the model sees their beginning and end, and what its code prints.
 * Thread-safe if the tools are.
 *
 * <p>The code runs in a restricted context of its own for each call, with no files, network,
 * threads, processes or Java classes, and calls tools and the language model as functions.
 * docs/SECURITY.md says what hostile code can still do. A call holds its context while the code
 * runs, and is never made again by itself when it fails.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class RlmProgram<I extends Record, O extends Record> extends TypedProgram<I, O> {

  private final Map<String, Object> spec;
  private final Tools tools;

  /** Stores the program. */
  RlmProgram(
      Adapter adapter, Map<String, Object> spec, Class<I> inputs, Class<O> outputs, Tools tools) {
    this(adapter, spec, new Programs(adapter).define(spec), inputs, outputs, tools);
  }

  private RlmProgram(
      Adapter adapter,
      Map<String, Object> spec,
      String id,
      Class<I> inputs,
      Class<O> outputs,
      Tools tools) {
    super(adapter, id, inputs, outputs);
    this.spec = spec;
    this.tools = tools;
  }

  @Override
  public RlmProgram<I, O> with(CallOptions options) {
    return new RlmProgram<>(adapter().with(options), spec, id(), inputs(), outputs(), tools);
  }

  @Override
  Map<String, HostFunction> functions() {
    return tools.functions();
  }

  /**
   * Returns the same program with a limit of iterations, 20 by default. In an iteration the model
   * writes one piece of code; after the last one the outputs are made of what is there.
   */
  public RlmProgram<I, O> withMaxIterations(int most) {
    return with("max_iters", "maxIterations", most);
  }

  /**
   * Returns the same program with a limit of the questions that its code asks the language model in
   * one call, 50 by default. A further question fails in the code.
   */
  public RlmProgram<I, O> withMaxLlmCalls(int most) {
    return with("max_llm_calls", "maxLlmCalls", most);
  }

  private RlmProgram<I, O> with(String key, String name, int most) {
    if (most < 1) {
      throw new ConfigurationException(name + ": " + most + " is below 1");
    }
    Map<String, Object> changed = new LinkedHashMap<>(spec);
    changed.put(key, most);
    return new RlmProgram<>(adapter(), changed, inputs(), outputs(), tools);
  }

  /**
   * Runs the program.
   *
   * @throws dev.terrarium.error.LimitExceededException when a piece of code runs longer than {@link
   *     dev.terrarium.TerrariumConfig#codeTimeout}, or there is no free code context
   * @throws dev.terrarium.error.ToolException when a tool fails whose failure is to end the call
   */
  @Override
  public O call(I input) {
    return super.call(input);
  }

  @Override
  protected Command<O> command(I input) {
    return traced(input, false).map(RlmTrace::outputs);
  }

  /** Runs the program, and returns with its outputs the code that led to them. */
  public RlmTrace<O> trace(I input) {
    return adapter().call(traced(input, true));
  }

  /**
   * Starts the program as {@link #trace} runs it, and returns without waiting, as {@link
   * #callAsync} does.
   */
  public CompletableFuture<RlmTrace<O>> traceAsync(I input) {
    return adapter().callAsync(traced(input, true));
  }

  private Command<RlmTrace<O>> traced(I input, boolean trace) {
    return Command.of(
            "explore",
            Map.of(
                "program",
                id(),
                "inputs",
                Objects.requireNonNull(input, "input"),
                "tools",
                functions(),
                "trace",
                trace))
        .map(this::read);
  }

  private RlmTrace<O> read(@Nullable Object result) {
    Traced<Map<String, @Nullable Object>> untyped = UntypedDspyProgram.read(result);
    return new RlmTrace<>(
        outputs(untyped.outputs()), steps(result), untyped.usage(), untyped.requests());
  }

  private static List<RlmTrace.Step> steps(@Nullable Object result) {
    return UntypedDspyProgram.steps(result).stream()
        .map(step -> TypedReader.read(step, RlmTrace.Step.class, "steps"))
        .toList();
  }
}
