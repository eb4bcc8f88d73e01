package dev.terrarium.model;

import dev.terrarium.error.ModelException;

/**
 * How a language model splits texts into tokens. Implementations are thread-safe: one serves all
 * contexts and all frameworks at once.
 *
 * <p>A text is taken by itself, without the marks that a conversation adds; what looks like such a
 * mark is text.
 */
public interface Tokenizer extends AutoCloseable {

  /**
   * The tokens of a text, as the model numbers them.
   *
   * @throws ModelException when the tokenizer or its model is closed
   */
  int[] encode(String text);

  /**
   * The text that tokens are of, without that of marks between messages. Tokens that end amid a
   * character, as a cut off text's may, give U+FFFD for it.
   *
   * @throws ModelException when one is no token of the model, or the tokenizer is closed
   */
  String decode(int[] tokens);

  /**
   * How many tokens a text has.
   *
   * @throws ModelException as {@link #encode}
   */
  default int count(String text) {
    return encode(text).length;
  }

  /** Frees what only the tokenizer uses; by default nothing. Twice is once. */
  @Override
  default void close() {}
}
