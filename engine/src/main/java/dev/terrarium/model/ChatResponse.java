package dev.terrarium.model;

import dev.terrarium.model.ChatMessage.ToolCall;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A language model's answer. Immutable.
 *
 * @param text may be empty when the model wants to call tools
 * @param toolCalls the tools that the model wants to call, in order
 * @param reasoning the text in which the model reasoned before its answer; null when it did not, or
 *     does not show it
 * @param time the time that the model itself took, without waiting for its turn
 */
public record ChatResponse(
    String text,
    List<ToolCall> toolCalls,
    @Nullable String reasoning,
    FinishReason finishReason,
    TokenUsage usage,
    Duration time) {

  /** The reason for which an answer ended. */
  public enum FinishReason {
    /** The model ended the answer, or met a stop text. */
    STOP,
    /** The answer met its limit of tokens, or the end of the model's context window. */
    LENGTH,
    /** The model waits for the results of its tool calls. */
    TOOL_CALLS
  }

  /**
   * The number of tokens that one request cost: those read and those written. Immutable.
   *
   * @param cachedTokens those of the prompt that the service had in its cache; 0 also when it does
   *     not report them
   * @param reasoningTokens those written before the answer itself; 0 also when the service does not
   *     report them
   */
  public record TokenUsage(
      int promptTokens, int completionTokens, int cachedTokens, int reasoningTokens) {

    /** Creates a usage without cached tokens and without reasoning. */
    public TokenUsage(int promptTokens, int completionTokens) {
      this(promptTokens, completionTokens, 0, 0);
    }

    /** Returns the sum of the tokens read and the tokens written. */
    public long total() {
      return (long) promptTokens + completionTokens;
    }
  }

  /**
   * A piece of an answer: of its text, its reasoning or one of its tool calls. The pieces come in
   * order; joined, they are the answer. Immutable.
   *
   * @param text may be empty
   * @param reasoning may be empty
   * @param toolCall null in pieces of the text and of the reasoning
   */
  public record Chunk(String text, String reasoning, @Nullable ToolCallPiece toolCall) {

    /** Creates a piece of the text. */
    public Chunk(String text) {
      this(text, "", null);
    }
  }

  /**
   * A piece of a tool call. Immutable.
   *
   * @param index which of the answer's tool calls, from 0
   * @param call the call's id and name, as far as known (else empty), and a piece of its arguments
   */
  public record ToolCallPiece(int index, ToolCall call) {}

  public ChatResponse {
    toolCalls = List.copyOf(toolCalls);
  }

  /** Passes the whole answer on: its reasoning, its text, and each tool call as one piece. */
  public void passTo(Consumer<Chunk> sink) {
    if (reasoning != null) {
      sink.accept(new Chunk("", reasoning, null));
    }
    if (!text.isEmpty()) {
      sink.accept(new Chunk(text));
    }
    for (int i = 0; i < toolCalls.size(); i++) {
      sink.accept(new Chunk("", "", new ToolCallPiece(i, toolCalls.get(i))));
    }
  }

  /** Creates an answer of text alone. */
  public ChatResponse(String text, FinishReason finishReason, TokenUsage usage, Duration time) {
    this(text, List.of(), null, finishReason, usage, time);
  }
}
