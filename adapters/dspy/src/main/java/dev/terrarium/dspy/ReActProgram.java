package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.tool.Tools;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A program with records as its signature, in which the model calls tools until it has what it
 * needs for the outputs ({@code dspy.ReAct}). Thread-safe if the tools are.
 *
 * <p>A call holds its context while a tool runs, unless the program is frozen. It is never made
 * again by itself when it fails, since a tool may do more when it is called again.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class ReActProgram<I extends Record, O extends Record> extends TypedProgram<I, O> {

  /** The limit of steps that DSPy has by default. */
  private static final int MAX_STEPS = 20;

  private final Tools tools;
  private final int maxSteps;
  private final @Nullable FrozenFlow frozen;

  ReActProgram(Adapter adapter, String id, Class<I> inputs, Class<O> outputs, Tools tools) {
    this(adapter, id, inputs, outputs, tools, MAX_STEPS, null);
  }

  private ReActProgram(
      Adapter adapter,
      String id,
      Class<I> inputs,
      Class<O> outputs,
      Tools tools,
      int maxSteps,
      @Nullable FrozenFlow frozen) {
    super(adapter, id, inputs, outputs);
    this.tools = tools;
    this.maxSteps = maxSteps;
    this.frozen = frozen;
  }

  @Override
  public ReActProgram<I, O> with(CallOptions options) {
    return new ReActProgram<>(
        adapter().with(options), id(), inputs(), outputs(), tools, maxSteps, frozen);
  }

  /**
   * Returns the same program with a limit of steps, 20 by default. A step is a call of a tool;
   * after the last one the outputs are made of what is there.
   */
  public ReActProgram<I, O> withMaxSteps(int most) {
    if (most < 1) {
      throw new ConfigurationException("maxSteps: " + most + " is below 1");
    }
    return new ReActProgram<>(adapter(), id(), inputs(), outputs(), tools, most, frozen);
  }

  /**
   * Returns the same program with its steps in Java: a call enters Python only where DSPy has to
   * run the program, such as for an answer that Java cannot read exactly. DSPy then gets what the
   * model and the tools gave so far, so that neither is asked again. Tools run on the calling
   * thread, or on a virtual one if the call has a deadline, and no context is held.
   *
   * @throws dev.terrarium.error.ArgumentException when some part of the program cannot be frozen
   *     exactly, with the name of that part
   */
  public ReActProgram<I, O> freeze() {
    FrozenFlow flow = FrozenFlow.freeze(adapter(), ProgramRef.of(id()));
    return new ReActProgram<>(adapter(), id(), inputs(), outputs(), tools, maxSteps, flow);
  }

  /** Returns whether the program is frozen, and was not thawed by a change. */
  public boolean isFrozen() {
    return frozen != null && frozen.isFrozen();
  }

  /** Returns the number of attempts so far, by what answered them; of a frozen program only. */
  public FrozenStats stats() {
    return FrozenFlow.statsOf(frozen);
  }

  /**
   * Runs the program.
   *
   * @throws dev.terrarium.error.ToolException when a tool fails whose failure is to end the call
   */
  @Override
  public O call(I input) {
    return super.call(input);
  }

  @Override
  protected Command<O> command(I input) {
    return traced(input, false).map(ReActTrace::outputs);
  }

  /** Runs the program, and returns with its outputs the steps that led to them. */
  public ReActTrace<O> trace(I input) {
    return adapter().call(traced(input, true));
  }

  /**
   * Starts the program as {@link #trace} runs it, and returns without waiting, as {@link
   * #callAsync} does.
   */
  public CompletableFuture<ReActTrace<O>> traceAsync(I input) {
    return adapter().callAsync(traced(input, true));
  }

  /**
   * Returns a publisher that runs the program for each subscriber, and passes on the texts of the
   * outputs while the model writes them, after the last tool; see {@link DspyProgram#stream}.
   */
  public Flow.Publisher<DspyChunk<O>> stream(I input) {
    return stream(arguments(input, true));
  }

  /**
   * Returns a publisher as {@link #stream(Record)} does, which also yields messages about what the
   * program does now, such as the tool that is called.
   */
  public Flow.Publisher<DspyChunk<O>> stream(I input, StatusMessages messages) {
    Map<String, Object> arguments = arguments(input, true);
    arguments.put("status", messages.argument());
    return stream(arguments);
  }

  private Flow.Publisher<DspyChunk<O>> stream(Map<String, Object> arguments) {
    return adapter().stream(
        Command.of("stream_act", arguments).map(piece -> ChunkReader.read(piece, this::outputs)));
  }

  @Override
  Map<String, HostFunction> functions() {
    return tools.functions();
  }

  private Command<ReActTrace<O>> traced(I input, boolean trace) {
    Map<String, Object> arguments = arguments(input, trace);
    Command<@Nullable Object> command =
        frozen == null
            ? Command.of("act", arguments)
            : Command.of(frozen.withMaxSteps(maxSteps).acting(arguments, functions()));
    return command.map(this::read);
  }

  private Map<String, Object> arguments(I input, boolean trace) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("program", id());
    arguments.put("inputs", Objects.requireNonNull(input, "input"));
    arguments.put("tools", functions());
    arguments.put("max_steps", maxSteps);
    arguments.put("trace", trace);
    return arguments;
  }

  private ReActTrace<O> read(@Nullable Object result) {
    Traced<Map<String, @Nullable Object>> untyped = UntypedDspyProgram.read(result);
    return new ReActTrace<>(
        outputs(untyped.outputs()),
        untyped.reasoning(),
        steps(result),
        untyped.usage(),
        untyped.requests());
  }

  private static List<ReActTrace.Step> steps(@Nullable Object result) {
    List<ReActTrace.Step> steps = new ArrayList<>();
    for (Object each : UntypedDspyProgram.steps(result)) {
      if (each instanceof Map<?, ?> step) {
        steps.add(
            new ReActTrace.Step(
                String.valueOf(step.get("thought")),
                String.valueOf(step.get("tool")),
                UntypedDspyProgram.named(step.get("arguments")),
                step.get("observation")));
      }
    }
    return steps;
  }
}
