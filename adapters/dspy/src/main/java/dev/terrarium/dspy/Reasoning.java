package dev.terrarium.dspy;

import dev.terrarium.spi.NativeType;

/**
 * What the model thought, as an output of a program ({@code dspy.Reasoning}). Immutable.
 *
 * @param content the text
 */
@NativeType("Reasoning")
public record Reasoning(String content) {}
