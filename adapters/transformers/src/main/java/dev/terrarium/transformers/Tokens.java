package dev.terrarium.transformers;

/**
 * A text as a model reads it. The arrays have one entry for each token.
 *
 * @param ids the tokens' numbers in the vocabulary
 * @param types 0 for tokens of the first text, 1 for those of the second
 * @param texts which text a token is of, 0 or 1; -1 for tokens that the tokenizer added
 */
@SuppressWarnings("ArrayRecordComponent") // compared nowhere
record Tokens(long[] ids, long[] types, int[] texts) {

  int length() {
    return ids.length;
  }
}
