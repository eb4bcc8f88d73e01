package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import org.jspecify.annotations.Nullable;

/** The clients of OpenAI, of Azure OpenAI and of servers with OpenAI's interface. Immutable. */
record OpenAiBackend(Connection connection) implements Backend {

  @Override
  public ChatModel chat(Options options) {
    return new OpenAiChatModel.OpenAiChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .strictJsonSchema(options.strict())
        .maxRetries(0)
        .build();
  }

  @Override
  public StreamingChatModel streaming(Options options) {
    return new OpenAiStreamingChatModel.OpenAiStreamingChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .strictJsonSchema(options.strict())
        .build();
  }

  @Override
  public EmbeddingModel embedding() {
    return new OpenAiEmbeddingModel.OpenAiEmbeddingModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
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
    return Schemas.OF_OBJECTS;
  }

  /**
   * Returns the parameters. OpenAI's newer models refuse {@code max_tokens}, and other servers may
   * not know its successor.
   */
  @Override
  public DefaultChatRequestParameters.Builder<?> parameters(
      @Nullable Integer seed, @Nullable Integer maxTokens) {
    OpenAiChatRequestParameters.Builder parameters =
        OpenAiChatRequestParameters.builder().seed(seed);
    return connection.isProvidersOwn()
        ? parameters.maxCompletionTokens(maxTokens)
        : parameters.maxOutputTokens(maxTokens);
  }
}
