package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.dspy.internal.frozen.Flow;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.LinkedHashMap;
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
public final class RewardedProgram<I extends Record, O extends Record> extends ActingProgram<I, O> {

  private final @Nullable FrozenFlow frozen;

  RewardedProgram(
      Adapter adapter, String id, TypedProgram<I, O> of, Reward<? super I, ? super O> reward) {
    this(adapter, id, of.inputs(), of.outputs(), with(of, reward), null);
  }

  private RewardedProgram(
      Adapter adapter,
      String id,
      Class<I> inputs,
      Class<O> outputs,
      Map<String, HostFunction> functions,
      @Nullable FrozenFlow frozen) {
    super(adapter, id, inputs, outputs, functions);
    this.frozen = frozen;
  }

  private static <I extends Record, O extends Record> Map<String, HostFunction> with(
      TypedProgram<I, O> of, Reward<? super I, ? super O> reward) {
    Objects.requireNonNull(reward, "reward");
    Map<String, HostFunction> functions = new LinkedHashMap<>(of.functions());
    functions.put(
        Flow.REWARD,
        arguments -> {
          I inputs = TypedReader.read(arguments.get(0), of.inputs(), "inputs");
          return reward.of(inputs, of.outputs(Objects.requireNonNull(arguments.get(1))));
        });
    return functions;
  }

  @Override
  public RewardedProgram<I, O> with(CallOptions options) {
    return new RewardedProgram<>(
        adapter().with(options), id(), inputs(), outputs(), functions(), frozen);
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
    return new RewardedProgram<>(adapter(), id(), inputs(), outputs(), functions(), flow);
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
  Command<@Nullable Object> acting(Map<String, Object> arguments) {
    return frozen == null
        ? super.acting(arguments)
        : Command.of(frozen.acting(arguments, functions()));
  }
}
