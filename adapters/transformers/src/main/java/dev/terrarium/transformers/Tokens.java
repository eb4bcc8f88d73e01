package dev.terrarium.transformers;

import java.util.ArrayList;
import java.util.List;

/**
 * A text, or a pair of texts, as a model reads it. Arrays and list have one entry for each token.
 *
 * @param ids the tokens' numbers in the vocabulary
 * @param types 0 for tokens of the first text, 1 for those of the second
 * @param pieces where the tokens come from
 */
@SuppressWarnings("ArrayRecordComponent") // compared nowhere
record Tokens(long[] ids, long[] types, List<Piece> pieces) {

  /**
   * The piece of a text that a token stands for.
   *
   * @param token the token in the vocabulary
   * @param text which text the token is of, 0 or 1; -1 when the tokenizer added it
   * @param word which word of its text the token is of, from 0 on; -1 when the tokenizer does not
   *     say it
   * @param start where the piece begins in its text, in code points; 0 for an added token
   * @param end where the piece ends, exclusive; 0 for an added token
   */
  record Piece(String token, int text, int word, int start, int end) {

    boolean isAdded() {
      return text < 0;
    }
  }

  int length() {
    return ids.length;
  }

  /**
   * Returns the tokens of some ranges, one after another.
   *
   * @param bounds the places at which each range begins and ends
   */
  Tokens ranges(int... bounds) {
    int count = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      count += bounds[i + 1] - bounds[i];
    }
    long[] ownIds = new long[count];
    long[] ownTypes = new long[count];
    List<Piece> ownPieces = new ArrayList<>(count);
    for (int i = 0; i < bounds.length; i += 2) {
      int length = bounds[i + 1] - bounds[i];
      System.arraycopy(ids, bounds[i], ownIds, ownPieces.size(), length);
      System.arraycopy(types, bounds[i], ownTypes, ownPieces.size(), length);
      ownPieces.addAll(pieces.subList(bounds[i], bounds[i + 1]));
    }
    return new Tokens(ownIds, ownTypes, ownPieces);
  }
}
