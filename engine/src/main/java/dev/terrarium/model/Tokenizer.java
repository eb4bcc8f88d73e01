package dev.terrarium.model;

import dev.terrarium.error.ModelException;

/**
 * A tokenizer, which splits texts into the tokens of a language model. Implementations are
 * thread-safe: one tokenizer serves all contexts and all frameworks at once.
 *
 * <p>A text is split by itself, without the marks that a conversation adds; characters that look
 * like such a mark are text.
 */
public interface Tokenizer extends AutoCloseable {

  /**
   * Returns the tokens of a text, by the model's numbering.
   *
   * @throws ModelException when the tokenizer or its model is closed
   */
  int[] encode(String text);

  /**
   * Returns the text of tokens, without the text of marks between messages. Tokens that end amid a
   * character, as those of a text that was cut off may, give U+FFFD for that character.
   *
   * @throws ModelException when one of the numbers is not a token of the model, or the tokenizer is
   *     closed
   */
  String decode(int[] tokens);

  /**
   * Returns the number of tokens of a text.
   *
   * @throws ModelException as {@link #encode}
   */
  default int count(String text) {
    return encode(text).length;
  }

  /**
   * Frees the memory that only the tokenizer uses; the default does nothing. Closing a second time
   * does nothing.
   */
  @Override
  default void close() {}
}
