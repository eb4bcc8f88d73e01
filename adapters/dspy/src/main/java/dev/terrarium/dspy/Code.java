package dev.terrarium.dspy;

import dev.terrarium.spi.NativeType;

/**
 * Python code as an input or an output of a program ({@code dspy.Code}); of what the model writes,
 * DSPy takes the content of the first code fence. Immutable.
 */
@NativeType("Code")
public record Code(String code) {}
