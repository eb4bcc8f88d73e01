package dev.terrarium.dspy;

import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A model whose answers a test sets. */
final class ScriptedModel implements LanguageModel {

  private volatile String answer = "";
  private volatile FinishReason reason = FinishReason.STOP;
  private volatile @Nullable RuntimeException failure;
  private volatile @Nullable ChatRequest last;
  private volatile @Nullable CompletableFuture<Boolean> interrupted;
  private volatile Callable<?> before = () -> "";

  void answers(String text) {
    answer = text;
    reason = FinishReason.STOP;
    failure = null;
  }

  /** Sets an answer that is cut off by its limit of tokens. */
  void answersCutOff(String text) {
    answers(text);
    reason = FinishReason.LENGTH;
  }

  void fails(RuntimeException with) {
    failure = with;
  }

  /** Sets an action that runs before each answer, on the context's thread. */
  void beforeAnswering(Callable<?> action) {
    before = action;
  }

  ChatRequest last() {
    return Objects.requireNonNull(last);
  }

  @Override
  public String name() {
    return "scripted";
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    last = request;
    try {
      before.call();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    RuntimeException thrown = failure;
    if (thrown != null) {
      throw thrown;
    }
    return new ChatResponse(answer, reason, new TokenUsage(3, 2), Duration.ofMillis(1));
  }

  /** Streams the answer word by word; then hangs if the test has set that. */
  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    ChatResponse response = chat(request);
    for (String word : response.text().split("(?<= )", -1)) {
      sink.accept(new ChatResponse.Chunk(word));
    }
    CompletableFuture<Boolean> hanging = interrupted;
    if (hanging != null) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        hanging.complete(true);
      }
    }
    return response;
  }

  /**
   * Makes streams hang from now on; the returned future is completed when a stream was interrupted.
   */
  CompletableFuture<Boolean> hangs() {
    CompletableFuture<Boolean> hanging = new CompletableFuture<>();
    interrupted = hanging;
    return hanging;
  }

  void hangsNoMore() {
    interrupted = null;
  }

  @Override
  public void close() {}
}
