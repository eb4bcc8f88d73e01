package dev.terrarium.langchain;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A chain's output and how it came about.
 *
 * @param messages the messages that LangChain sent to the model
 * @param finishReason why the answer ended: a text with {@link FinishReason#LENGTH} was cut off
 * @param usage tokens of the request
 */
public record Traced<O>(
    O output, List<ChatMessage> messages, FinishReason finishReason, TokenUsage usage) {

  /** Reads the part of the bridge's result that stands beside the output. */
  static <O> Traced<O> of(O output, Map<?, ?> result) {
    List<?> messages = read(result, "messages", List.class);
    return new Traced<>(
        output,
        messages.stream().map(Traced::message).toList(),
        FinishReason.valueOf(name(result, "finish_reason")),
        usage(result));
  }

  /** Reads the tokens of all requests of a result. */
  static TokenUsage usage(Map<?, ?> result) {
    Map<?, ?> usage = read(result, "usage", Map.class);
    return new TokenUsage(
        read(usage, "prompt_tokens", Integer.class),
        read(usage, "completion_tokens", Integer.class));
  }

  private static ChatMessage message(Object sent) {
    Map<?, ?> message = TypedReader.read(sent, Map.class, "messages");
    return new ChatMessage(
        ChatMessage.Role.valueOf(name(message, "role")), read(message, "content", String.class));
  }

  /** Returns the name of an enum's constant, which Python writes in lower case. */
  private static String name(Map<?, ?> map, String key) {
    return read(map, key, String.class).toUpperCase(Locale.ROOT);
  }

  private static <T> T read(Map<?, ?> map, String name, Class<T> type) {
    return TypedReader.read(map.get(name), type, name);
  }
}
