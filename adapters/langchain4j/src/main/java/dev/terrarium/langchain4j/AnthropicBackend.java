package dev.terrarium.langchain4j;

import dev.langchain4j.model.anthropic.AnthropicChatModel;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;

/** The clients of Anthropic. Immutable. */
record AnthropicBackend(Connection connection) implements Backend {

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
        .build();
  }

  @Override
  public Seeding seeding() {
    return Seeding.NEVER;
  }

  @Override
  public Schemas schemas() {
    return Schemas.CLOSED;
  }
}
