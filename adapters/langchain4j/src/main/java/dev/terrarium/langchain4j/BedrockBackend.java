package dev.terrarium.langchain4j;

import dev.langchain4j.model.bedrock.BedrockChatModel;
import dev.langchain4j.model.bedrock.BedrockStreamingChatModel;
import dev.langchain4j.model.bedrock.BedrockTokenUsage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.TokenUsage;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import dev.terrarium.model.ChatResponse;
import java.net.URI;
import java.util.Set;

/**
 * The clients of Amazon Bedrock, by its interface Converse. Thread-safe. All of them use the
 * clients of one {@link BedrockService}, which is closed with this object.
 */
final class BedrockBackend implements Backend {

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          /* seed= */ Way.NEVER,
          /* reasoningEffort= */ Way.NEVER,
          /* parallelToolCalls= */ Way.NEVER,
          Schemas.CLOSED,
          Set.of("image/png", "image/jpeg", "image/gif", "image/webp", Capabilities.PDF));

  private final Connection connection;
  private final BedrockService service;

  BedrockBackend(Connection connection) {
    this.connection = connection;
    this.service = BedrockService.of(connection);
  }

  /** Returns a client, which makes LangChain4j's anew for each request: that knows the request. */
  @Override
  public ChatModel chat(Options options) {
    return new ChatModel() {
      @Override
      public dev.langchain4j.model.chat.response.ChatResponse chat(ChatRequest request) {
        return BedrockChatModel.builder()
            .client(new BedrockConversation(service.client(), connection, request))
            .modelId(connection.model())
            .returnThinking(true)
            .maxRetries(0)
            .build()
            .chat(request);
      }
    };
  }

  /** Returns a client as {@link #chat} does. */
  @Override
  public StreamingChatModel streaming(Options options) {
    return new StreamingChatModel() {
      @Override
      public void chat(ChatRequest request, StreamingChatResponseHandler receiver) {
        BedrockStream stream =
            new BedrockStream(service.streaming(), connection, request, receiver);
        BedrockStreamingChatModel.builder()
            .client(stream)
            .modelId(connection.model())
            .returnThinking(true)
            .build()
            .chat(request, stream);
      }
    };
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  @Override
  public boolean fetches(String mimeType, URI url) {
    return true;
  }

  @Override
  public boolean takesAnyParameters() {
    return false; // definitions would be left out
  }

  /** Returns the usage; Bedrock counts the cached part of a prompt by itself. */
  @Override
  public ChatResponse.TokenUsage usage(TokenUsage usage) {
    int read = 0;
    int written = 0;
    if (usage instanceof BedrockTokenUsage detailed) {
      read = Backend.orZero(detailed.cacheReadInputTokens());
      written = Backend.orZero(detailed.cacheWriteInputTokens());
    }
    return Backend.usage(usage, read, written);
  }

  @Override
  public void close() {
    service.close();
  }

  @Override
  public String toString() {
    return "BedrockBackend[" + connection + "]";
  }
}
