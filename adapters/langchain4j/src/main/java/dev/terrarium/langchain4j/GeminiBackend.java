package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.googleai.GoogleAiEmbeddingModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatModel;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;

/** The clients of Google's Gemini. Immutable. */
record GeminiBackend(Connection connection) implements Backend {

  @Override
  public ChatModel chat(Options options) {
    return GoogleAiGeminiChatModel.builder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .seed(options.seed())
        .returnThinking(false)
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
        .returnThinking(false)
        .build();
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
  public Seeding seeding() {
    return Seeding.BY_CLIENT;
  }

  @Override
  public Schemas schemas() {
    return Schemas.ALL;
  }
}
