package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.googleai.GeminiThinkingConfig;
import dev.langchain4j.model.googleai.GoogleAiEmbeddingModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiTokenUsage;
import dev.langchain4j.model.output.TokenUsage;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import dev.terrarium.model.ChatResponse;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The clients of Google's Gemini. Immutable. */
record GeminiBackend(Connection connection) implements Backend {

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          /* seed= */ Way.BY_CLIENT,
          /* reasoningEffort= */ Way.BY_CLIENT,
          /* parallelToolCalls= */ Way.NEVER,
          Schemas.ALL,
          Set.of(Capabilities.IMAGES, Capabilities.PDF, Capabilities.AUDIO, Capabilities.VIDEO));

  @Override
  public ChatModel chat(Options options) {
    return GoogleAiGeminiChatModel.builder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .seed(options.seed())
        .thinkingConfig(thinking(options.reasoningEffort()))
        .returnThinking(true)
        .sendThinking(true) // for the signatures of tool calls
        .maxRetries(0)
        .build();
  }

  @Override
  public StreamingChatModel streaming(Options options) {
    return GoogleAiGeminiStreamingChatModel.builder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .seed(options.seed())
        .thinkingConfig(thinking(options.reasoningEffort()))
        .returnThinking(true)
        .sendThinking(true) // for the signatures of tool calls
        .build();
  }

  private static @Nullable GeminiThinkingConfig thinking(@Nullable String effort) {
    return effort == null
        ? null
        : GeminiThinkingConfig.builder().includeThoughts(true).thinkingLevel(effort).build();
  }

  @Override
  public ChatResponse.TokenUsage usage(TokenUsage usage) {
    int cached = 0;
    int reasoning = 0;
    if (usage instanceof GoogleAiGeminiTokenUsage detailed) {
      cached = Backend.orZero(detailed.cachedContentTokenCount());
      reasoning = Backend.orZero(detailed.thoughtsTokenCount());
    }
    return new ChatResponse.TokenUsage(
        Backend.orZero(usage.inputTokenCount()),
        Backend.orZero(usage.outputTokenCount()),
        cached,
        reasoning);
  }

  @Override
  public EmbeddingModel embedding() {
    return GoogleAiEmbeddingModel.builder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .maxRetries(0)
        .build();
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  @Override
  public boolean fetches(String mimeType, URI url) {
    return Capabilities.kind(mimeType).equals(Capabilities.IMAGES)
        && String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT).startsWith("http");
  }

  @Override
  public boolean takesAnyParameters() {
    return false;
  }
}
