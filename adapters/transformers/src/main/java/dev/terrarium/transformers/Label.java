package dev.terrarium.transformers;

/**
 * A label that a model gives to a text. Immutable.
 *
 * @param label the label's name in the model's configuration
 * @param score the model's certainty, 0 to 1, unless the model's numbers are taken as they are
 */
public record Label(String label, double score) {}
