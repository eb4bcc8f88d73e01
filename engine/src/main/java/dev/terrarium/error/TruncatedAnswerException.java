package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a language model's answer ended at its limit of tokens, and the part that was written
 * is not a complete value of the requested type. Raise {@code max_tokens}, or ask for less.
 * Immutable.
 */
public final class TruncatedAnswerException extends TerrariumException {

  private static final long serialVersionUID = 1;

  private final String text;
  private final @Nullable Integer maxTokens;

  /**
   * Creates the exception for one answer.
   *
   * @param text the part of the answer that was written
   * @param maxTokens the limit of tokens that the request set; null when it left the limit to the
   *     model
   */
  public TruncatedAnswerException(
      String message, String text, @Nullable Integer maxTokens, @Nullable Throwable cause) {
    super(message, cause);
    this.text = text;
    this.maxTokens = maxTokens;
  }

  /** Returns the part of the answer that was written. */
  public String text() {
    return text;
  }

  /**
   * Returns the limit of tokens that the request set, or null when it left the limit to the model.
   */
  public @Nullable Integer maxTokens() {
    return maxTokens;
  }
}
