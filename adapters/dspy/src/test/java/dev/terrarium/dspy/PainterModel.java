package dev.terrarium.dspy;

import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A model that knows the colors of things when it has seen demonstrations or was told to look, and
 * else says red. It proposes that instruction to whoever asks for texts. Thread-safe.
 */
final class PainterModel implements LanguageModel {

  static final Map<String, String> COLORS =
      Map.of(
          "cherry", "RED", "rose", "RED", "leaf", "GREEN", "grass", "GREEN", "sky", "BLUE", "sea",
          "BLUE");

  static final String PROPOSED = "Look at the thing.";

  private static final Pattern NAME = Pattern.compile("\"properties\":\\{(.*)");
  private static final Pattern FIELD = Pattern.compile("\"(\\w+)\":\\{[^{}]*\"type\":\"string\"");

  /** What was asked and answered: the messages of each request. */
  final List<String> answered = Collections.synchronizedList(new ArrayList<>());

  final AtomicInteger calls = new AtomicInteger();
  final AtomicInteger most = new AtomicInteger();
  private final AtomicInteger now = new AtomicInteger();

  volatile Runnable before = () -> {};
  volatile String suffix = "";

  static String color(String thing) {
    return Objects.requireNonNull(COLORS.get(thing));
  }

  @Override
  public String name() {
    return "painter";
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    calls.incrementAndGet();
    most.accumulateAndGet(now.incrementAndGet(), Math::max);
    try {
      before.run();
      answered.add(request.messages().toString());
      return new ChatResponse(
          answer(request), FinishReason.STOP, new TokenUsage(3, 2), Duration.ofMillis(1));
    } finally {
      now.decrementAndGet();
    }
  }

  private String answer(ChatRequest request) {
    String schema = String.valueOf(request.responseSchema());
    String last = request.messages().getLast().content();
    if (!schema.contains("\"color\"")) {
      return proposal(schema);
    }
    String color = "RED";
    if (request.messages().size() > 2
        || request.messages().getFirst().content().contains(PROPOSED)) {
      String thing = thing(last);
      color = thing == null ? color : color(thing);
    }
    return "{\"color\": \"" + color + "\"}" + suffix;
  }

  private static String proposal(String schema) {
    StringBuilder answer = new StringBuilder("{");
    Matcher properties = NAME.matcher(schema);
    Matcher field = FIELD.matcher(properties.find() ? properties.group(1) : "");
    while (field.find()) {
      answer.append(answer.length() > 1 ? ", " : "");
      answer.append('"').append(field.group(1)).append("\": \"").append(PROPOSED).append('"');
    }
    return answer.append('}').toString();
  }

  private static @Nullable String thing(String message) {
    return COLORS.keySet().stream().filter(message::contains).findAny().orElse(null);
  }

  @Override
  public void close() {}
}
