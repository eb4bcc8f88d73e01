package dev.terrarium.transformers;

import dev.terrarium.error.ArgumentException;
import java.util.OptionalInt;

/**
 * How answers are looked for in a text. Immutable.
 *
 * @param topK the greatest number of answers, at least 1, default 1
 * @param maxAnswerLength the greatest number of tokens of an answer, at least 1, default 15
 * @param maxSequenceLength the number of tokens of question and text that are read at once, at most
 *     those of the model; by default 384, or those of the model if they are fewer
 * @param stride the number of tokens that a part of a long text shares with the next one; by
 *     default 128, or half of the tokens that are read at once if they are fewer
 * @param impossible whether the empty answer is among the answers, with the model's certainty that
 *     the text has none; by default false
 * @param wholeWords whether an answer has all of its first and last word; by default true
 */
public record AnswerOptions(
    int topK,
    int maxAnswerLength,
    OptionalInt maxSequenceLength,
    OptionalInt stride,
    boolean impossible,
    boolean wholeWords) {

  /**
   * Creates options.
   *
   * @throws ArgumentException when a number is too small
   */
  public AnswerOptions {
    requirePositive("top_k", topK);
    requirePositive("max_answer_len", maxAnswerLength);
    maxSequenceLength.ifPresent(length -> requirePositive("max_seq_len", length));
    stride.ifPresent(
        tokens -> {
          if (tokens < 0) {
            throw new ArgumentException("doc_stride: " + tokens + " is negative");
          }
        });
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new ArgumentException(name + ": " + value + " is less than 1");
    }
  }

  /** Returns the default options. */
  public static AnswerOptions ofDefaults() {
    return new AnswerOptions(1, 15, OptionalInt.empty(), OptionalInt.empty(), false, true);
  }

  /** Returns these options with a number of answers. */
  public AnswerOptions withTopK(int answers) {
    return new AnswerOptions(
        answers, maxAnswerLength, maxSequenceLength, stride, impossible, wholeWords);
  }

  /** Returns these options with a greatest number of tokens of an answer. */
  public AnswerOptions withMaxAnswerLength(int tokens) {
    return new AnswerOptions(topK, tokens, maxSequenceLength, stride, impossible, wholeWords);
  }

  /** Returns these options, with the empty answer or without. */
  public AnswerOptions withImpossible(boolean allowed) {
    return new AnswerOptions(topK, maxAnswerLength, maxSequenceLength, stride, allowed, wholeWords);
  }
}
