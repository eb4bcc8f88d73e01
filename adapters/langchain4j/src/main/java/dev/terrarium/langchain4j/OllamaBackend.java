package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.ollama.OllamaChatModel;
import dev.langchain4j.model.ollama.OllamaChatRequestParameters;
import dev.langchain4j.model.ollama.OllamaEmbeddingModel;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import org.jspecify.annotations.Nullable;

/** The clients of Ollama. Immutable. */
record OllamaBackend(Connection connection) implements Backend {

  @Override
  public ChatModel chat(Options options) {
    return new OllamaChatModel.OllamaChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .modelName(connection.model())
        .maxRetries(0)
        .build();
  }

  @Override
  public StreamingChatModel streaming(Options options) {
    return new OllamaStreamingChatModel.OllamaStreamingChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .modelName(connection.model())
        .build();
  }

  @Override
  public EmbeddingModel embedding() {
    return new OllamaEmbeddingModel.OllamaEmbeddingModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .modelName(connection.model())
        .maxRetries(0)
        .build();
  }

  @Override
  public Seeding seeding() {
    return Seeding.BY_REQUEST;
  }

  @Override
  public Schemas schemas() {
    return Schemas.ALL;
  }

  @Override
  public DefaultChatRequestParameters.Builder<?> parameters(
      @Nullable Integer seed, @Nullable Integer maxTokens) {
    return OllamaChatRequestParameters.builder().seed(seed).maxOutputTokens(maxTokens);
  }
}
