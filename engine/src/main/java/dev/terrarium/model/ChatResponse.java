package dev.terrarium.model;

import java.time.Duration;

/**
 * A language model's answer. Immutable.
 *
 * @param time the time that the model itself took, without waiting for its turn
 */
public record ChatResponse(
    String text, FinishReason finishReason, TokenUsage usage, Duration time) {

  /** The reason for which an answer ended. */
  public enum FinishReason {
    /** The model ended the answer, or met a stop text. */
    STOP,
    /** The answer met its limit of tokens, or the end of the model's context window. */
    LENGTH
  }

  /** The number of tokens that one request cost: those read and those written. Immutable. */
  public record TokenUsage(int promptTokens, int completionTokens) {

    /** Returns the sum of the tokens read and the tokens written. */
    public long total() {
      return (long) promptTokens + completionTokens;
    }
  }

  /** A piece of an answer. The pieces come in order; joined, they are the answer. Immutable. */
  public record Chunk(String text) {}
}
