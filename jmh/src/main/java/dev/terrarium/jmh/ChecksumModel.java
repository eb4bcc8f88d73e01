package dev.terrarium.jmh;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/**
 * A language model whose answers come from a checksum of what it is asked, in the form of the
 * request's schema. So other prompts have other answers, and equal ones have equal ones, as in
 * {@code jmh/peers/optimize.py}. Thread-safe.
 */
final class ChecksumModel implements LanguageModel {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Duration delay;

  /** Creates a model that answers after a delay. */
  ChecksumModel(Duration delay) {
    this.delay = delay;
  }

  @Override
  public String name() {
    return "checksum";
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    if (delay.isPositive()) {
      try {
        Thread.sleep(delay);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ModelException("interrupted while the model took its time", e);
      }
    }
    CRC32 checksum = new CRC32();
    checksum.update(
        request.messages().stream()
            .map(message -> message.content())
            .collect(Collectors.joining())
            .getBytes(StandardCharsets.UTF_8));
    ObjectNode answer = JSON.createObjectNode();
    for (Map.Entry<String, JsonNode> property : properties(request)) {
      JsonNode values = property.getValue().path("enum");
      answer.put(
          property.getKey(),
          values.isEmpty()
              ? "text " + checksum.getValue() % 1000
              : values.get((int) (checksum.getValue() % values.size())).asText());
    }
    return new ChatResponse(answer.toString(), FinishReason.STOP, new TokenUsage(1, 1), delay);
  }

  private static Iterable<Map.Entry<String, JsonNode>> properties(ChatRequest request) {
    try {
      return JSON.readTree(request.responseSchema()).path("properties").properties();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {}
}
