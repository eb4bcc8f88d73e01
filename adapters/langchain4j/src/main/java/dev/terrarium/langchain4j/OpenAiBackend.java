package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.openai.OpenAiTokenUsage;
import dev.langchain4j.model.output.TokenUsage;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.Tokenizer;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The clients of OpenAI, of Azure OpenAI and of servers with OpenAI's interface. Immutable. */
record OpenAiBackend(Connection connection) implements Backend {

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          /* seed= */ Way.BY_REQUEST,
          /* reasoningEffort= */ Way.BY_REQUEST,
          /* parallelToolCalls= */ Way.BY_REQUEST,
          Schemas.OF_OBJECTS,
          Set.of(Capabilities.IMAGES, Capabilities.PDF, Capabilities.AUDIO));

  @Override
  public ChatModel chat(Options options) {
    return new OpenAiChatModel.OpenAiChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .apiKey(connection.key())
        .modelName(connection.model())
        .strictJsonSchema(options.strict())
        .returnThinking(true)
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
        .returnThinking(true)
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

  /** Returns the tokenizer of OpenAI's own models; a deployment of Azure may have any name. */
  @Override
  public Optional<Tokenizer> tokenizer() {
    return connection.provider() == Provider.AZURE
        ? Optional.empty()
        : OpenAiTokenizer.of(connection.model());
  }

  @Override
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  /**
   * Returns the parameters. OpenAI's newer models refuse {@code max_tokens}, and other servers may
   * not know its successor.
   */
  @Override
  public DefaultChatRequestParameters.Builder<?> parameters(
      @Nullable Integer seed, ChatRequest request) {
    OpenAiChatRequestParameters.Builder parameters =
        OpenAiChatRequestParameters.builder()
            .seed(seed)
            .reasoningEffort(request.reasoningEffort())
            .parallelToolCalls(request.parallelToolCalls());
    return connection.isProvidersOwn()
        ? parameters.maxCompletionTokens(request.maxTokens())
        : parameters.maxOutputTokens(request.maxTokens());
  }

  @Override
  public ChatResponse.TokenUsage usage(TokenUsage usage) {
    int cached = 0;
    int reasoning = 0;
    if (usage instanceof OpenAiTokenUsage detailed) {
      if (detailed.inputTokensDetails() != null) {
        cached = Backend.orZero(detailed.inputTokensDetails().cachedTokens());
      }
      if (detailed.outputTokensDetails() != null) {
        reasoning = Backend.orZero(detailed.outputTokensDetails().reasoningTokens());
      }
    }
    return new ChatResponse.TokenUsage(
        Backend.orZero(usage.inputTokenCount()),
        Backend.orZero(usage.outputTokenCount()),
        cached,
        reasoning);
  }
}
