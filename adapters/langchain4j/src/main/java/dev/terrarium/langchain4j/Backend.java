package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.embedding.EmbeddingModel;
import org.jspecify.annotations.Nullable;

/** The clients of one provider. Stateless: each call makes an object anew. */
interface Backend {

  /**
   * What a client must know when it is made.
   *
   * @param seed the seed, for providers whose requests have no such parameter
   * @param strict whether the service shall hold the answer to the schema
   */
  record Options(@Nullable Integer seed, boolean strict) {}

  /** The way in which a seed reaches the service. */
  enum Seeding {
    BY_REQUEST,
    BY_CLIENT,
    NEVER
  }

  /** The schemas that the service itself holds an answer to. */
  enum Schemas {
    /** All. */
    ALL,
    /** Those whose root is an object. */
    OF_OBJECTS,
    /** Those whose objects all list their properties, require them and allow no others. */
    CLOSED,
    NONE
  }

  /** Returns a client of whole answers; null when there is none. */
  @Nullable ChatModel chat(Options options);

  /** Returns a client of streamed answers; null when there is none. */
  @Nullable StreamingChatModel streaming(Options options);

  /** Returns a client of embeddings; null when the provider has none. */
  default @Nullable EmbeddingModel embedding() {
    return null;
  }

  Seeding seeding();

  Schemas schemas();

  /** Returns whether a stream ends on the thread that asked for it, before the call returns. */
  default boolean streamsInPlace() {
    return true;
  }

  /** Returns a builder of a request's parameters, with those that only this provider has. */
  default DefaultChatRequestParameters.Builder<?> parameters(
      @Nullable Integer seed, @Nullable Integer maxTokens) {
    DefaultChatRequestParameters.Builder<?> parameters = DefaultChatRequestParameters.builder();
    parameters.maxOutputTokens(maxTokens);
    return parameters;
  }
}
