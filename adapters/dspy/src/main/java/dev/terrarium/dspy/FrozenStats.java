package dev.terrarium.dspy;

/**
 * The number of attempts at calls of a frozen program, by what answered them; a {@code Retry} may
 * make several attempts at one call. Immutable.
 *
 * @param answered attempts that Java answered alone
 * @param continued attempts for which Java called the language model, and DSPy went on with the
 *     model's answer
 * @param handedOver attempts that DSPy made from the beginning
 */
public record FrozenStats(long answered, long continued, long handedOver) {}
