package dev.terrarium.model;

import java.time.Duration;

/**
 * A language model's answer. Immutable.
 *
 * @param time what the model itself took, without waiting for its turn
 */
public record ChatResponse(
    String text, FinishReason finishReason, TokenUsage usage, Duration time) {

  /** Why an answer ended. */
  public enum FinishReason {
    /** The model ended it, or a stop text was met. */
    STOP,
    /** The bound on tokens, or the end of the model's context window, was met. */
    LENGTH
  }

  /** Tokens that one request cost: those read and those written. Immutable. */
  public record TokenUsage(int promptTokens, int completionTokens) {

    /** Those read and those written together. */
    public long total() {
      return (long) promptTokens + completionTokens;
    }
  }

  /** A piece of an answer, in order; the pieces joined are the answer. Immutable. */
  public record Chunk(String text) {}
}
