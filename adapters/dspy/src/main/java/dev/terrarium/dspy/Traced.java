package dev.terrarium.dspy;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.util.List;
import java.util.Optional;

/**
 * A program's outputs and how they came about.
 *
 * @param reasoning what the model wrote before the outputs, for a chain of thought
 * @param finishReason {@code LENGTH} when the last of the outputs is a text that the limit of
 *     tokens cut off; {@code STOP} when the outputs are complete, even if they end exactly at that
 *     limit
 * @param messages the messages of the last request, as DSPy sent them to the model
 * @param usage tokens of all requests
 */
public record Traced<O>(
    O outputs,
    Optional<String> reasoning,
    FinishReason finishReason,
    List<ChatMessage> messages,
    TokenUsage usage) {

  <T> Traced<T> with(T other) {
    return new Traced<>(other, reasoning, finishReason, messages, usage);
  }
}
