package dev.terrarium.testing;

import dev.terrarium.error.ModelException;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A language model that counts, {@code 0 1 2 ...}, as far as the bound on tokens; what it is asked
 * says how it ends: {@code fail}, {@code hang}, or well.
 */
public final class CountingModel implements LanguageModel {

  /** How many pieces were taken from it since {@link #begin}. */
  public final AtomicInteger given = new AtomicInteger();

  private volatile CompletableFuture<Throwable> stopped = new CompletableFuture<>();
  private volatile String account = "";

  /** Forgets what was. */
  public CountingModel begin() {
    given.set(0);
    stopped = new CompletableFuture<>();
    return this;
  }

  /** What ended an answer before it was whole, once it has. */
  public Throwable stopped() throws Exception {
    return stopped.get(30, TimeUnit.SECONDS);
  }

  /** On whose account the last answer was made. */
  public String account() {
    return account;
  }

  @Override
  public String name() {
    return "counting";
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    return stream(request, chunk -> {});
  }

  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    account = CallScope.current().flatMap(CallScope::callerKey).orElse("");
    Integer bound = request.maxTokens();
    int count = bound == null ? Integer.MAX_VALUE : bound;
    StringBuilder text = new StringBuilder();
    try {
      for (int i = 0; i < count; i++) {
        sink.accept(new ChatResponse.Chunk(i + " "));
        text.append(i).append(' ');
        given.incrementAndGet();
      }
      switch (request.messages().getLast().content()) {
        case "fail" -> throw new ModelException("lost count");
        case "hang" -> new CountDownLatch(1).await();
        default -> {}
      }
    } catch (RuntimeException e) {
      stopped.complete(e);
      throw e;
    } catch (InterruptedException e) {
      stopped.complete(e);
      throw new ModelException("interrupted", e);
    }
    return new ChatResponse(
        text.toString(), FinishReason.STOP, new TokenUsage(1, count), Duration.ofMillis(1));
  }

  @Override
  public void close() {}
}
