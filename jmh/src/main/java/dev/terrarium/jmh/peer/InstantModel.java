package dev.terrarium.jmh.peer;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.testkit.FakeLanguageModel;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A language model that answers with the least that the request's schema allows, after the same
 * time each: a fake as that of the test kit, which keeps no request. Thread-safe.
 */
public final class InstantModel implements LanguageModel {

  private final Duration latency;
  private final Map<String, String> answers = new ConcurrentHashMap<>();

  /** One whose every answer takes so long. */
  public InstantModel(Duration latency) {
    this.latency = latency;
  }

  @Override
  public String name() {
    return "instant";
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    String schema = Objects.requireNonNullElse(request.responseSchema(), "");
    String answer = answers.computeIfAbsent(schema, unseen -> make(request));
    if (latency.isPositive()) {
      try {
        Thread.sleep(latency);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ModelException("interrupted while the fake model took its time", e);
      }
    }
    return new ChatResponse(answer, FinishReason.STOP, new TokenUsage(1, 1), latency);
  }

  private static String make(ChatRequest request) {
    try (FakeLanguageModel fake = FakeLanguageModel.schemaConforming()) {
      return fake.chat(request).text();
    }
  }

  @Override
  public void close() {}
}
