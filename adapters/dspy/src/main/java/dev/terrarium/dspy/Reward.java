package dev.terrarium.dspy;

/**
 * A rating of outputs, by which {@link Dspy#bestOfN} and {@link Dspy#refine} choose. Must be
 * thread-safe if several calls use it.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
@FunctionalInterface
public interface Reward<I, O> {

  /** Returns how good the outputs are; more is better. An exception ends the call. */
  double of(I inputs, O outputs);
}
