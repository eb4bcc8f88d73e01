package dev.terrarium.langchain4j;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ForwardingLanguageModel;
import dev.terrarium.model.LanguageModel;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A model that is asked a limited number of requests at a time; further ones wait, in the order in
 * which they came. Thread-safe. A request that is repeated keeps its place.
 */
final class LimitedModel extends ForwardingLanguageModel {

  private final Semaphore places;

  LimitedModel(LanguageModel model, int places) {
    super(model);
    this.places = new Semaphore(places, true);
  }

  /**
   * Returns the answer to a request.
   *
   * @throws CallInterruptedException also when the thread is interrupted while it waits
   */
  @Override
  public ChatResponse chat(ChatRequest request) {
    return inPlace(() -> super.chat(request));
  }

  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    return inPlace(() -> super.stream(request, sink));
  }

  private ChatResponse inPlace(Supplier<ChatResponse> request) {
    try {
      places.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(
          "Interrupted while waiting for other requests to the language model " + name() + ".", e);
    }
    try {
      return request.get();
    } finally {
      places.release();
    }
  }
}
