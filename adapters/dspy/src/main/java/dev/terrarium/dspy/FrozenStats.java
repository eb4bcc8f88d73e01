package dev.terrarium.dspy;

/**
 * Who answered the attempts at calls of a frozen program, of which a {@code Retry} may make
 * several. Immutable.
 *
 * @param answered in Java alone
 * @param continued the language model was asked from Java, and DSPy went on with its answer
 * @param handedOver by DSPy from the beginning
 */
public record FrozenStats(long answered, long continued, long handedOver) {}
