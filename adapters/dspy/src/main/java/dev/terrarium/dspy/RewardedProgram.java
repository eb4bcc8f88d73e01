package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A program that runs another one several times, and returns the outputs that a {@link Reward}
 * rates best ({@code dspy.BestOfN}, {@code dspy.Refine}). Thread-safe if the reward, and the Java
 * code that the other program calls, are.
 *
 * <p>A call holds its context while the reward is asked.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class RewardedProgram<I extends Record, O extends Record> extends ActingProgram<I, O> {

  /** The name by which Python calls the reward. */
  private static final String REWARD = "@reward";

  RewardedProgram(
      Adapter adapter, String id, TypedProgram<I, O> of, Reward<? super I, ? super O> reward) {
    this(adapter, id, of.inputs(), of.outputs(), with(of, reward));
  }

  private RewardedProgram(
      Adapter adapter,
      String id,
      Class<I> inputs,
      Class<O> outputs,
      Map<String, HostFunction> functions) {
    super(adapter, id, inputs, outputs, functions);
  }

  private static <I extends Record, O extends Record> Map<String, HostFunction> with(
      TypedProgram<I, O> of, Reward<? super I, ? super O> reward) {
    Objects.requireNonNull(reward, "reward");
    Map<String, HostFunction> functions = new LinkedHashMap<>(of.functions());
    functions.put(
        REWARD,
        arguments -> {
          I inputs = TypedReader.read(arguments.get(0), of.inputs(), "inputs");
          return reward.of(inputs, of.outputs(Objects.requireNonNull(arguments.get(1))));
        });
    return functions;
  }

  @Override
  public RewardedProgram<I, O> with(CallOptions options) {
    return new RewardedProgram<>(adapter().with(options), id(), inputs(), outputs(), functions());
  }
}
