package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.output.TokenUsage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.Tokenizer;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The clients of one provider. Thread-safe: each call makes an object anew. */
interface Backend extends AutoCloseable {

  /**
   * What a client must know when it is made.
   *
   * <p>Null stands for a parameter that the request does not have, or in which it reaches the
   * provider.
   *
   * @param strict whether the service shall hold the answer to the schema
   */
  record Options(
      @Nullable Integer seed,
      boolean strict,
      @Nullable String reasoningEffort,
      @Nullable Boolean parallelToolCalls) {}

  /** Returns a client of whole answers; null when there is none. */
  @Nullable ChatModel chat(Options options);

  /** Returns a client of streamed answers; null when there is none. */
  @Nullable StreamingChatModel streaming(Options options);

  /** Returns a client of embeddings; null when the provider has none. */
  default @Nullable EmbeddingModel embedding() {
    return null;
  }

  Capabilities capabilities();

  /** Returns whether a request can say that the model must call a tool. */
  default boolean canRequireTools() {
    return true;
  }

  /** Returns whether the client takes any JSON schema for a tool's parameter. */
  default boolean takesAnyParameters() {
    return true;
  }

  /**
   * Returns whether the client would fetch media from a URL itself, in place of the service: such
   * media are refused, because this process reaches more than who writes a request may reach.
   *
   * @param mimeType the media's type
   */
  default boolean fetches(String mimeType, URI url) {
    return false;
  }

  /** Returns whether a stream ends on the thread that asked for it, before the call returns. */
  default boolean streamsInPlace() {
    return true;
  }

  /** Returns the model's tokenizer; empty when it is not known. */
  default Optional<Tokenizer> tokenizer() {
    return Optional.empty();
  }

  /**
   * Returns a builder of a request's parameters, with the maximum number of tokens and those
   * parameters that only this provider has.
   *
   * @param seed the request's seed, null when it goes another way
   */
  default DefaultChatRequestParameters.Builder<?> parameters(
      @Nullable Integer seed, ChatRequest request) {
    DefaultChatRequestParameters.Builder<?> parameters = DefaultChatRequestParameters.builder();
    parameters.maxOutputTokens(request.maxTokens());
    return parameters;
  }

  /** Returns the number of tokens that an answer cost. */
  default ChatResponse.TokenUsage usage(TokenUsage usage) {
    return new ChatResponse.TokenUsage(
        orZero(usage.inputTokenCount()), orZero(usage.outputTokenCount()));
  }

  /**
   * Returns the usage of a provider that counts the cached part of a prompt by itself.
   *
   * @param read the number of tokens that came from the cache
   * @param written the number of tokens that were put into the cache
   */
  static ChatResponse.TokenUsage usage(TokenUsage usage, int read, int written) {
    return new ChatResponse.TokenUsage(
        orZero(usage.inputTokenCount()) + read + written,
        orZero(usage.outputTokenCount()),
        read,
        0);
  }

  /** Closes what the clients share; the HTTP client is closed with the model. */
  @Override
  default void close() {}

  /** Returns a count, 0 for one that the service does not report. */
  static int orZero(@Nullable Integer count) {
    return count == null ? 0 : count;
  }
}
