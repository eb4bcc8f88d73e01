package dev.terrarium.testing;

import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A language model that says what it is told to, and remembers what it was asked. */
public final class FakeModel implements LanguageModel {

  public final List<ChatRequest> requests = new CopyOnWriteArrayList<>();
  public final AtomicInteger closings = new AtomicInteger();

  /** The tokenizer of all of them: a token is a Unicode code point. */
  public static final Tokenizer CODE_POINTS =
      new Tokenizer() {
        @Override
        public int[] encode(String text) {
          return text.codePoints().toArray();
        }

        @Override
        public String decode(int[] tokens) {
          return new String(tokens, 0, tokens.length);
        }
      };

  /** A response of one word. */
  public static final ChatResponse ANSWER = answer("yes");

  private final String name;
  private final Function<ChatRequest, ChatResponse> answers;
  private final boolean takesTools;

  public FakeModel(String name) {
    this(name, request -> "answer of " + name);
  }

  public FakeModel(String name, Function<ChatRequest, String> answers) {
    this(name, answers.andThen(FakeModel::answer), false);
  }

  private FakeModel(String name, Function<ChatRequest, ChatResponse> answers, boolean takesTools) {
    this.name = name;
    this.answers = answers;
    this.takesTools = takesTools;
  }

  /** Returns a model that knows tools, and gives the same response each time. */
  public static FakeModel withTools(String name, ChatResponse response) {
    return new FakeModel(name, request -> response, true);
  }

  private static ChatResponse answer(String text) {
    return new ChatResponse(
        text, FinishReason.LENGTH, new TokenUsage(11, 7), Duration.ofMillis(250));
  }

  @Override
  public boolean takesTools() {
    return takesTools;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.of(CODE_POINTS);
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    requests.add(request);
    return answers.apply(request);
  }

  @Override
  public void close() {
    closings.incrementAndGet();
  }
}
