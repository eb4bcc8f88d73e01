package dev.terrarium.transformers;

/**
 * A token that a model predicts in the place of a mask. Immutable.
 *
 * @param token the token as a text
 * @param score the model's certainty, 0 to 1, among all tokens of the vocabulary
 * @param id the token's number in the vocabulary
 * @param text the text with the token in the place of the mask, as the tokenizer writes it; other
 *     masks stay
 */
public record FilledMask(String token, double score, long id, String text) {}
