package dev.terrarium.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request to a language model. Immutable.
 *
 * @param messages the conversation, oldest message first; at least one
 * @param responseSchema JSON schema, as text, that the answer must conform to; null for a free
 *     answer
 * @param stop texts at which generation ends; the answer does not include them
 * @param temperature 0 picks the likeliest token each time; null for the model's default
 * @param maxTokens maximum number of tokens of the answer, at least 1; null for the model's default
 * @param seed for sampling; null leaves the seed to the model
 */
public record ChatRequest(
    List<ChatMessage> messages,
    @Nullable String responseSchema,
    List<String> stop,
    @Nullable Double temperature,
    @Nullable Integer maxTokens,
    @Nullable Long seed) {

  public ChatRequest {
    messages = List.copyOf(messages);
    stop = List.copyOf(stop);
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("messages: at least one is needed");
    }
    if (temperature != null && !(temperature >= 0)) {
      throw new IllegalArgumentException("temperature: " + temperature + " is below 0");
    }
    if (maxTokens != null && maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens: " + maxTokens + " is below 1");
    }
  }

  /** Returns a request of one user message, with the model's defaults. */
  public static ChatRequest of(String question) {
    return builder().message(ChatMessage.user(question)).build();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** A builder of a request. Not thread-safe. */
  public static final class Builder {
    private final List<ChatMessage> messages = new ArrayList<>();
    private List<String> stop = List.of();
    private @Nullable String responseSchema;
    private @Nullable Double temperature;
    private @Nullable Integer maxTokens;
    private @Nullable Long seed;

    private Builder() {}

    public Builder message(ChatMessage message) {
      messages.add(Objects.requireNonNull(message, "message"));
      return this;
    }

    public Builder responseSchema(@Nullable String schema) {
      responseSchema = schema;
      return this;
    }

    public Builder stop(List<String> texts) {
      stop = texts;
      return this;
    }

    public Builder temperature(@Nullable Double value) {
      temperature = value;
      return this;
    }

    public Builder maxTokens(@Nullable Integer value) {
      maxTokens = value;
      return this;
    }

    public Builder seed(@Nullable Long value) {
      seed = value;
      return this;
    }

    public ChatRequest build() {
      return new ChatRequest(messages, responseSchema, stop, temperature, maxTokens, seed);
    }
  }
}
