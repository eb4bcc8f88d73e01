package dev.terrarium.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.InstructedTools;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A language model that a client of LangChain4j asks. Thread-safe; a request runs on the thread
 * that makes it.
 */
final class LangChain4jModel implements LanguageModel {

  /**
   * What the service can do by itself.
   *
   * @param nativeSchemas whether it may be asked to hold an answer to a schema
   * @param nativeTools whether it may be given tools
   */
  record Options(boolean nativeSchemas, boolean nativeTools) {

    static final Options ALL = new Options(true, true);
  }

  private final String name;
  private final Backend backend;
  private final Retries retries;
  private final Secrets secrets;
  private final Options options;
  private final @Nullable HttpCalls calls;
  private final Clients clients;
  private volatile boolean closed;

  /**
   * Creates a model.
   *
   * @param calls the HTTP client of the backend, which is closed with the model; null when the
   *     backend has its own
   */
  LangChain4jModel(
      String name,
      Backend backend,
      Retries retries,
      Secrets secrets,
      Options options,
      @Nullable HttpCalls calls) {
    this.name = name;
    this.backend = backend;
    this.retries = retries;
    this.secrets = secrets;
    this.options = options;
    this.calls = calls;
    this.clients = new Clients(backend);
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * Returns the answer to a request.
   *
   * @throws ModelException when the service or its client fails, with the kind of the failure
   * @throws dev.terrarium.error.CallInterruptedException when the thread is interrupted; the
   *     connection is closed
   */
  @Override
  public ChatResponse chat(ChatRequest request) {
    if (isInstructed(request)) {
      return InstructedTools.stream(request, chunk -> {}, (plain, sink) -> ask(plain));
    }
    return ask(request);
  }

  /** Returns the tokenizer, which is known for OpenAI's own models. */
  @Override
  public Optional<Tokenizer> tokenizer() {
    return backend.tokenizer();
  }

  @Override
  public boolean takesTools() {
    return true;
  }

  /** Returns whether the model gets tools as instructions, since the service cannot be told. */
  private boolean isInstructed(ChatRequest request) {
    return !options.nativeTools()
        || (request.toolChoice() == ToolChoice.REQUIRED && !backend.canRequireTools());
  }

  private ChatResponse ask(ChatRequest request) {
    Question question = Question.of(name, request, backend, options.nativeSchemas());
    ChatModel client = client(() -> clients.chat(question.options()));
    if (client == null) {
      return streamed(question, chunk -> {});
    }
    return retries.run(() -> whole(client, question), () -> false);
  }

  private ChatResponse whole(ChatModel client, Question question) {
    checkOpen();
    long start = System.nanoTime();
    dev.langchain4j.model.chat.response.ChatResponse response;
    try {
      response = client.chat(question.request());
    } catch (RuntimeException e) {
      throw failure(e);
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    return answer(question, response, textOf(response), time);
  }

  /**
   * Returns the answer as {@link #chat} does, and passes each piece to the sink when it comes. An
   * answer whose schema the model knows by instructions alone is passed as one piece, when it has
   * been checked.
   */
  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    return isInstructed(request)
        ? InstructedTools.stream(request, sink, this::askInPieces)
        : askInPieces(request, sink);
  }

  private ChatResponse askInPieces(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    Question question = Question.of(name, request, backend, options.nativeSchemas());
    StreamingChatModel client = client(() -> clients.streaming(question.options()));
    if (client == null) {
      ChatResponse response = ask(request);
      response.passTo(sink);
      return response;
    }
    return streamed(question, sink);
  }

  private ChatResponse streamed(Question question, Consumer<ChatResponse.Chunk> sink) {
    StreamingChatModel client =
        Objects.requireNonNull(client(() -> clients.streaming(question.options())));
    if (question.instructed()) {
      ChatResponse response = retries.run(() -> pieces(client, question, chunk -> {}), () -> false);
      response.passTo(sink);
      return response;
    }
    AtomicBoolean begun = new AtomicBoolean();
    return retries.run(
        () ->
            pieces(
                client,
                question,
                chunk -> {
                  begun.set(true);
                  sink.accept(chunk);
                }),
        begun::get);
  }

  private ChatResponse pieces(
      StreamingChatModel client, Question question, Consumer<ChatResponse.Chunk> sink) {
    checkOpen();
    long start = System.nanoTime();
    AnswerStream stream = new AnswerStream(question.toolCalls(), sink);
    dev.langchain4j.model.chat.response.ChatResponse response;
    try {
      client.chat(question.request(), stream);
      response = stream.await(backend.streamsInPlace());
    } catch (Exception e) {
      throw e == stream.failureOfSink() ? (RuntimeException) e : failure(e);
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    if (response == null || (backend.streamsInPlace() && response.finishReason() == null)) {
      throw Failures.cutOff(name, Duration.ZERO, null, secrets);
    }
    String text = stream.text().isEmpty() ? textOf(response) : stream.text();
    return answer(question, response, text, time);
  }

  private <T> @Nullable T client(Supplier<@Nullable T> maker) {
    checkOpen();
    try {
      return maker.get();
    } catch (RuntimeException e) {
      throw failure(e);
    }
  }

  private RuntimeException failure(Throwable thrown) {
    return closed && calls != null ? Failures.closed(name) : Failures.of(name, thrown, secrets);
  }

  private void checkOpen() {
    if (closed) {
      throw Failures.closed(name);
    }
  }

  private static String textOf(dev.langchain4j.model.chat.response.ChatResponse response) {
    AiMessage message = response.aiMessage();
    String text = message == null ? null : message.text();
    return text == null ? "" : text;
  }

  private ChatResponse answer(
      Question question,
      dev.langchain4j.model.chat.response.ChatResponse response,
      String given,
      Duration time) {
    AiMessage message = response.aiMessage();
    List<ToolCall> calls = message == null ? List.of() : question.toolCalls().read(message);
    FinishReason reason = finishReason(response, given, calls);
    AnswerSchema schema = question.schema();
    String text = given;
    if (schema != null && reason == FinishReason.STOP) {
      text = question.instructed() ? AnswerSchema.unfenced(given) : given;
      schema.check(name, text);
    }
    dev.langchain4j.model.output.TokenUsage usage = response.tokenUsage();
    return new ChatResponse(
        text,
        calls,
        message == null ? null : message.thinking(),
        reason,
        usage == null ? new TokenUsage(0, 0) : backend.usage(usage),
        time);
  }

  private FinishReason finishReason(
      dev.langchain4j.model.chat.response.ChatResponse response,
      String text,
      List<ToolCall> calls) {
    FinishReason whole = calls.isEmpty() ? FinishReason.STOP : FinishReason.TOOL_CALLS;
    return switch (response.finishReason()) {
      case LENGTH -> FinishReason.LENGTH;
      case CONTENT_FILTER -> throw Failures.withheld(name);
      case TOOL_EXECUTION -> {
        if (calls.isEmpty()) {
          throw new ModelException(
              Kind.BAD_RESPONSE,
              "The language model " + name + " says that it wants to call a tool, and names none.",
              null);
        }
        yield FinishReason.TOOL_CALLS;
      }
      case OTHER -> {
        if (text.isBlank() && calls.isEmpty()) {
          throw new ModelException(
              Kind.BAD_RESPONSE,
              "The language model " + name + " ended without an answer, and gave no reason.",
              null);
        }
        yield whole;
      }
      case STOP -> whole;
      case null -> whole;
    };
  }

  /** Closes the connections of a model that was opened by a spec; further requests are refused. */
  @Override
  public void close() {
    closed = true;
    if (calls != null) {
      calls.close();
    }
    backend.close();
  }

  @Override
  public String toString() {
    return "LangChain4j[" + name + "]";
  }
}
