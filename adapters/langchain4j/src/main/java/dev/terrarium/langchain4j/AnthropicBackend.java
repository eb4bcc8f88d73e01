package dev.terrarium.langchain4j;

import dev.langchain4j.model.anthropic.AnthropicChatModel;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.anthropic.AnthropicTokenUsage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.output.TokenUsage;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import dev.terrarium.model.ChatResponse;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The clients of Anthropic. Immutable. */
record AnthropicBackend(Connection connection) implements Backend {

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          /* seed= */ Way.NEVER,
          /* reasoningEffort= */ Way.NEVER,
          /* parallelToolCalls= */ Way.BY_CLIENT,
          Schemas.CLOSED,
          Set.of(Capabilities.IMAGES, Capabilities.PDF));

  /** The limit of tokens that Anthropic wants to know, for requests that set none. */
  static final int DEFAULT_MAX_TOKENS = 4096;

  @Override
  public ChatModel chat(Options options) {
    return AnthropicChatModel.builder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .maxTokens(DEFAULT_MAX_TOKENS)
        .disableParallelToolUse(not(options.parallelToolCalls()))
        .maxRetries(0)
        .build();
  }

  @Override
  public StreamingChatModel streaming(Options options) {
    return AnthropicStreamingChatModel.builder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .maxTokens(DEFAULT_MAX_TOKENS)
        .disableParallelToolUse(not(options.parallelToolCalls()))
        .build();
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  private static @Nullable Boolean not(@Nullable Boolean value) {
    return value == null ? null : !value;
  }

  /** Returns the usage; Anthropic counts the cached part of a prompt by itself. */
  @Override
  public ChatResponse.TokenUsage usage(TokenUsage usage) {
    int read = 0;
    int written = 0;
    if (usage instanceof AnthropicTokenUsage detailed) {
      read = Backend.orZero(detailed.cacheReadInputTokens());
      written = Backend.orZero(detailed.cacheCreationInputTokens());
    }
    return Backend.usage(usage, read, written);
  }
}
