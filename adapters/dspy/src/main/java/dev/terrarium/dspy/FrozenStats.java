package dev.terrarium.dspy;

/**
 * Who answered the calls of a frozen program. Immutable.
 *
 * @param answered in Java alone
 * @param continued the language model was asked from Java, and DSPy went on with its answer
 * @param handedOver by DSPy from the beginning
 */
public record FrozenStats(long answered, long continued, long handedOver) {}
