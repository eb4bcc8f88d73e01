package dev.terrarium.transformers;

/**
 * A part of a text to which a model gives a label, such as a name. Immutable.
 *
 * @param label the label; without the marks {@code B-} and {@code I-} of beginning and continuation
 *     when tokens are grouped
 * @param score the model's certainty, 0 to 1
 * @param word the part as the tokenizer writes it, often in lower case; the text itself has it from
 *     {@code start} to {@code end}
 * @param start the index in the text at which the part begins
 * @param end the index at which the part ends, exclusive
 */
public record Entity(String label, double score, String word, int start, int end) {}
