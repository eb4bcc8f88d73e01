package dev.terrarium.dspy;

import java.util.Objects;

/**
 * One input of a program with the output that is expected of it. Immutable if both are.
 *
 * @param <I> the type of the input
 * @param <O> the type of the output
 */
public record Example<I, O>(I input, O expected) {

  public Example {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(expected, "expected");
  }
}
