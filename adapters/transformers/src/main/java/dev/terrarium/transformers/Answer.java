package dev.terrarium.transformers;

/**
 * A part of a text that answers a question. Immutable.
 *
 * @param answer the part; empty when the text has no answer
 * @param score the model's certainty; the same words at several places add up, and then can exceed
 *     1
 * @param start the index in the text at which the part begins
 * @param end the index at which the part ends, exclusive
 */
public record Answer(String answer, double score, int start, int end) {}
