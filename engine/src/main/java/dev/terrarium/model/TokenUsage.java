package dev.terrarium.model;

/** Tokens that one request cost: those read and those written. Immutable. */
public record TokenUsage(int promptTokens, int completionTokens) {

  /** Those read and those written together. */
  public long total() {
    return (long) promptTokens + completionTokens;
  }
}
