package dev.terrarium.transformers;

import dev.terrarium.error.ArgumentException;

/**
 * A question whose answer is looked for in a text. Immutable.
 *
 * @param question the question, not empty
 * @param context the text, of any length and not empty
 */
public record Question(String question, String context) {

  /**
   * Creates a question.
   *
   * @throws ArgumentException when one of the texts is empty
   */
  public Question {
    if (question.isEmpty()) {
      throw new ArgumentException("question: it is empty");
    }
    if (context.isEmpty()) {
      throw new ArgumentException("context: it is empty");
    }
  }
}
