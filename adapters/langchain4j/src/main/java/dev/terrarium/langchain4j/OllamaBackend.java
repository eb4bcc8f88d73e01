package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.ollama.OllamaChatModel;
import dev.langchain4j.model.ollama.OllamaChatRequestParameters;
import dev.langchain4j.model.ollama.OllamaEmbeddingModel;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import dev.terrarium.model.ChatRequest;
import java.net.URI;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The clients of Ollama. Immutable. */
record OllamaBackend(Connection connection) implements Backend {

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          /* seed= */ Way.BY_REQUEST,
          /* reasoningEffort= */ Way.BY_REQUEST,
          /* parallelToolCalls= */ Way.NEVER,
          Schemas.ALL,
          Set.of(Capabilities.IMAGES));

  private static final String NO_EFFORT = "none";
  private static final String SOME_EFFORT = "medium";

  @Override
  public ChatModel chat(Options options) {
    return new OllamaChatModel.OllamaChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .modelName(connection.model())
        .returnThinking(true)
        .maxRetries(0)
        .build();
  }

  @Override
  public StreamingChatModel streaming(Options options) {
    return new OllamaStreamingChatModel.OllamaStreamingChatModelBuilder()
        .httpClientBuilder(connection.http())
        .baseUrl(connection.url())
        .modelName(connection.model())
        .returnThinking(true)
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
  public Capabilities capabilities() {
    return CAPABILITIES;
  }

  @Override
  public DefaultChatRequestParameters.Builder<?> parameters(
      @Nullable Integer seed, ChatRequest request) {
    return OllamaChatRequestParameters.builder()
        .seed(seed)
        .think(thinks(request.reasoningEffort()))
        .maxOutputTokens(request.maxTokens());
  }

  private static @Nullable Boolean thinks(@Nullable String effort) {
    return switch (effort) {
      case null -> null;
      case NO_EFFORT -> false;
      case SOME_EFFORT -> true;
      default ->
          throw Failures.refused(
              "reasoningEffort: Ollama is asked by '"
                  + NO_EFFORT
                  + "' or '"
                  + SOME_EFFORT
                  + "', not by '"
                  + effort
                  + "'");
    };
  }

  @Override
  public boolean fetches(String mimeType, URI url) {
    return true;
  }

  @Override
  public boolean canRequireTools() {
    return false;
  }
}
