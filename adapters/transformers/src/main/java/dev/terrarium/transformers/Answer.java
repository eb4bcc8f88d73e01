package dev.terrarium.transformers;

/**
 * A part of a text that answers a question. Immutable.
 *
 * @param answer the part; empty when the text has no answer
 * @param score the model's certainty; the certainties of equal words at several places are added
 *     up, so that the sum can exceed 1
 * @param start the index in the text at which the part begins
 * @param end the index at which the part ends, exclusive
 */
public record Answer(String answer, double score, int start, int end) {}
