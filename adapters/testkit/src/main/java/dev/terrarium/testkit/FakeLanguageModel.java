package dev.terrarium.testkit;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.ChatResponse.ToolCallPiece;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A language model for tests: it gives prepared answers at once, and records the requests.
 * Thread-safe if the function that makes the answers is.
 *
 * <p>The model treats stop texts and the limit of tokens as a real model does, with a word for a
 * token.
 *
 * {@snippet :
 * var model = FakeLanguageModel.answering("{\"answer\": \"Paris\"}");
 * // ... run the code under test with the model ...
 * assertEquals(1, model.requests().size());
 * }
 */
public final class FakeLanguageModel implements LanguageModel {

  /**
   * A word with the white space after it; white space before the first word belongs to that word.
   */
  private static final Pattern WORD = Pattern.compile("\\s*\\S+\\s*");

  private final Function<ChatRequest, ChatResponse> answers;
  private final List<ChatRequest> requests = new ArrayList<>();
  private final Tokenizer tokenizer = new Words();
  private boolean closed;

  private FakeLanguageModel(Function<ChatRequest, ChatResponse> answers) {
    this.answers = Objects.requireNonNull(answers, "answers");
  }

  /**
   * Returns a model that gives these answers, one to each request, in this order; a further request
   * fails.
   */
  public static FakeLanguageModel answering(String... answers) {
    List<String> script = List.of(answers);
    AtomicInteger next = new AtomicInteger();
    return of(
        request -> {
          int index = next.getAndIncrement();
          if (index >= script.size()) {
            throw new ModelException(
                "The fake language model has "
                    + script.size()
                    + " answers and was asked "
                    + (index + 1)
                    + " times.");
          }
          return script.get(index);
        });
  }

  /**
   * Returns a model whose answer a function makes of the request; an exception of the function is
   * thrown to the caller.
   */
  public static FakeLanguageModel of(Function<ChatRequest, String> answers) {
    return responding(request -> whole(answers.apply(request), FinishReason.STOP));
  }

  /**
   * Returns a model whose response a function makes of the request, with tool calls or reasoning
   * for instance; the model counts the tokens by itself. {@link #calling} makes one with tool
   * calls.
   */
  public static FakeLanguageModel responding(Function<ChatRequest, ChatResponse> responses) {
    return new FakeLanguageModel(responses);
  }

  /** Returns a response that wants to call tools. */
  public static ChatResponse calling(ToolCall... calls) {
    return new ChatResponse(
        "", List.of(calls), null, FinishReason.TOOL_CALLS, new TokenUsage(0, 0), Duration.ZERO);
  }

  private static ChatResponse whole(String text, FinishReason reason) {
    return new ChatResponse(text, reason, new TokenUsage(0, 0), Duration.ZERO);
  }

  /**
   * Returns a model whose answer is the least JSON that conforms to the request's schema, and is
   * the same for the same schema: required properties only, the first of alternatives, the fewest
   * items, the numbers nearest to 0. Without a schema, the answer is {@code text}.
   *
   * <p>A request fails when no value can be made for its schema, such as a schema with a {@code
   * pattern}.
   */
  public static FakeLanguageModel schemaConforming() {
    return of(
        request -> {
          String schema = request.responseSchema();
          return schema == null ? SchemaExample.TEXT : SchemaExample.of(schema);
        });
  }

  /** Returns a model that fails each request with that message. */
  public static FakeLanguageModel failing(String message) {
    return failing(() -> new ModelException(message));
  }

  /** Returns a model that fails each request with a new exception. */
  public static FakeLanguageModel failing(Supplier<? extends RuntimeException> failure) {
    Objects.requireNonNull(failure, "failure");
    return of(
        request -> {
          throw failure.get();
        });
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    return stream(request, chunk -> {});
  }

  /**
   * Returns a tokenizer whose tokens are words, numbered in the order in which the tokenizer meets
   * them.
   */
  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.of(tokenizer);
  }

  @Override
  public boolean takesTools() {
    return true;
  }

  /** Returns the answer, and passes it to the sink word by word, and each tool call as a whole. */
  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    synchronized (this) {
      if (closed) {
        throw new ModelException("The language model fake is closed.");
      }
      requests.add(request);
    }
    ChatResponse response = answers.apply(request);
    String whole = untilStop(response.text(), request.stop());
    List<String> words = words(whole);
    int most = Objects.requireNonNullElse(request.maxTokens(), Integer.MAX_VALUE);
    boolean cut = words.size() > most;
    List<String> given = cut ? words.subList(0, most) : words;
    if (response.reasoning() != null) {
      sink.accept(new ChatResponse.Chunk("", response.reasoning(), null));
    }
    given.forEach(word -> sink.accept(new ChatResponse.Chunk(word)));
    for (int i = 0; i < response.toolCalls().size(); i++) {
      sink.accept(
          new ChatResponse.Chunk("", "", new ToolCallPiece(i, response.toolCalls().get(i))));
    }
    int asked =
        request.messages().stream().mapToInt(message -> words(message.content()).size()).sum();
    return new ChatResponse(
        cut ? String.join("", given) : whole,
        response.toolCalls(),
        response.reasoning(),
        cut ? FinishReason.LENGTH : response.finishReason(),
        new TokenUsage(asked, given.size()),
        Duration.ZERO);
  }

  private static String untilStop(String answer, List<String> stops) {
    int end =
        stops.stream()
            .filter(stop -> !stop.isEmpty())
            .mapToInt(answer::indexOf)
            .filter(index -> index >= 0)
            .min()
            .orElse(answer.length());
    return answer.substring(0, end);
  }

  private static List<String> words(String text) {
    return WORD.matcher(text).results().map(MatchResult::group).toList();
  }

  /** Returns all requests so far, oldest first, including those that failed. */
  public synchronized List<ChatRequest> requests() {
    return List.copyOf(requests);
  }

  /**
   * Returns the last request.
   *
   * @throws IllegalStateException when there was no request yet
   */
  public synchronized ChatRequest lastRequest() {
    if (requests.isEmpty()) {
      throw new IllegalStateException("The fake language model was not asked yet.");
    }
    return requests.getLast();
  }

  /** Returns whether {@link #close} was called. */
  public synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  private static final class Words implements Tokenizer {

    private final List<String> known = new ArrayList<>();

    @Override
    public synchronized int[] encode(String text) {
      return words(text).stream().mapToInt(this::number).toArray();
    }

    private int number(String word) {
      if (!known.contains(word)) {
        known.add(word);
      }
      return known.indexOf(word);
    }

    @Override
    public synchronized String decode(int[] tokens) {
      StringBuilder text = new StringBuilder();
      for (int token : tokens) {
        if (token < 0 || token >= known.size()) {
          throw new ModelException(
              "There is no token " + token + "; " + known.size() + " words are known.");
        }
        text.append(known.get(token));
      }
      return text.toString();
    }
  }
}
