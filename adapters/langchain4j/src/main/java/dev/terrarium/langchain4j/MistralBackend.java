package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.mistralai.MistralAiChatModel;
import dev.langchain4j.model.mistralai.MistralAiEmbeddingModel;
import dev.langchain4j.model.mistralai.MistralAiStreamingChatModel;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import java.util.Set;

/** The clients of Mistral. Immutable. */
record MistralBackend(Connection connection) implements Backend {

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          /* seed= */ Way.BY_CLIENT,
          /* reasoningEffort= */ Way.NEVER,
          /* parallelToolCalls= */ Way.NEVER,
          Schemas.OF_OBJECTS,
          Set.of(Capabilities.IMAGES));

  @Override
  public ChatModel chat(Options options) {
    return new MistralAiChatModel.MistralAiChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .randomSeed(options.seed())
        .returnThinking(true)
        .strictJsonSchema(options.strict())
        .maxRetries(0)
        .build();
  }

  @Override
  public StreamingChatModel streaming(Options options) {
    return new MistralAiStreamingChatModel.MistralAiStreamingChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .randomSeed(options.seed())
        .returnThinking(true)
        .build();
  }

  @Override
  public EmbeddingModel embedding() {
    return new MistralAiEmbeddingModel.MistralAiEmbeddingModelBuilder()
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
}
