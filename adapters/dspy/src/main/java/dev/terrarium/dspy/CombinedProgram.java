package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.spi.HostFunction;
import java.util.Map;

/**
 * A program that an optimizer of DSPy makes of others, and that no state of one could hold ({@code
 * dspy.KNNFewShot}, {@code dspy.Ensemble}). Any context can run it. Thread-safe if the Java code
 * that it calls is.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 * @see Dspy#knnFewShot
 * @see Dspy#ensemble
 */
public final class CombinedProgram<I extends Record, O extends Record> extends ActingProgram<I, O> {

  CombinedProgram(
      Adapter adapter,
      String id,
      Class<I> inputs,
      Class<O> outputs,
      Map<String, HostFunction> functions) {
    super(adapter, id, inputs, outputs, functions);
  }

  @Override
  public CombinedProgram<I, O> with(CallOptions options) {
    return new CombinedProgram<>(adapter().with(options), id(), inputs(), outputs(), functions());
  }
}
