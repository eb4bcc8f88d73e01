package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A program that runs another one several times, and returns the outputs that a {@link Reward}
 * rates best ({@code dspy.BestOfN}, {@code dspy.Refine}). Thread-safe if the reward, and the Java
 * code that the other program calls, are.
 *
 * <p>A call holds its context while the reward is asked, unless the program is frozen.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class RewardedProgram<I extends Record, O extends Record> extends TypedProgram<I, O> {

  /** The name by which Python calls the reward. */
  private static final String REWARD = "@reward";

  private final Reward<? super I, ? super O> reward;
  private final Map<String, HostFunction> functions = new LinkedHashMap<>();
  private final @Nullable FrozenFlow frozen;

  RewardedProgram(
      Adapter adapter, String id, TypedProgram<I, O> of, Reward<? super I, ? super O> reward) {
    this(adapter, id, of.inputs(), of.outputs(), of.functions(), reward, null);
  }

  private RewardedProgram(
      Adapter adapter,
      String id,
      Class<I> inputs,
      Class<O> outputs,
      Map<String, HostFunction> functions,
      Reward<? super I, ? super O> reward,
      @Nullable FrozenFlow frozen) {
    super(adapter, id, inputs, outputs);
    this.frozen = frozen;
    this.reward = Objects.requireNonNull(reward, "reward");
    this.functions.putAll(functions);
    this.functions.put(REWARD, this::rated);
  }

  @Override
  public RewardedProgram<I, O> with(CallOptions options) {
    return new RewardedProgram<>(
        adapter().with(options), id(), inputs(), outputs(), functions, reward, frozen);
  }

  /**
   * Returns the same program with its attempts in Java: a call enters Python only where DSPy has to
   * run the program, such as for an answer that Java cannot read exactly, or when an attempt fails.
   * DSPy then gets what the model and the reward gave so far, so that neither is asked again.
   *
   * @throws dev.terrarium.error.ArgumentException when some part of the program cannot be frozen
   *     exactly, with the name of that part
   */
  public RewardedProgram<I, O> freeze() {
    FrozenFlow flow = FrozenFlow.freeze(adapter(), ProgramRef.of(id()));
    return new RewardedProgram<>(adapter(), id(), inputs(), outputs(), functions, reward, flow);
  }

  /** Returns whether the program is frozen, and was not thawed by a change. */
  public boolean isFrozen() {
    return frozen != null && frozen.isFrozen();
  }

  /** Returns the number of attempts so far, by what answered them; of a frozen program only. */
  public FrozenStats stats() {
    return FrozenFlow.statsOf(frozen);
  }

  @Override
  protected Command<O> command(I input) {
    return traced(input, false).map(traced -> outputs(traced.outputs()));
  }

  /**
   * Runs the program, and returns with its outputs what the last request was and what all of them
   * cost.
   */
  public Traced<O> trace(I input) {
    Traced<Map<String, @Nullable Object>> traced = adapter().call(traced(input, true));
    return traced.with(outputs(traced.outputs()));
  }

  private Command<Traced<Map<String, @Nullable Object>>> traced(I input, boolean trace) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("program", id());
    arguments.put("inputs", Objects.requireNonNull(input, "input"));
    arguments.put("tools", functions);
    arguments.put("trace", trace);
    Command<@Nullable Object> command =
        frozen == null
            ? Command.of("act", arguments)
            : Command.of(frozen.acting(arguments, functions));
    return command.map(UntypedDspyProgram::read);
  }

  @Override
  Map<String, HostFunction> functions() {
    return functions;
  }

  private double rated(List<@Nullable Object> arguments) {
    I inputs = TypedReader.read(arguments.get(0), inputs(), "inputs");
    return reward.of(inputs, outputs(Objects.requireNonNull(arguments.get(1))));
  }
}
