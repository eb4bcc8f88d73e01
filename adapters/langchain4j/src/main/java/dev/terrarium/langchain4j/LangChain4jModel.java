package dev.terrarium.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.LanguageModel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A language model that a client of LangChain4j asks. Thread-safe; a request runs on the thread
 * that makes it.
 */
final class LangChain4jModel implements LanguageModel {

  private final String name;
  private final Backend backend;
  private final Retries retries;
  private final Secrets secrets;
  private final boolean nativeSchemas;
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
      boolean nativeSchemas,
      @Nullable HttpCalls calls) {
    this.name = name;
    this.backend = backend;
    this.retries = retries;
    this.secrets = secrets;
    this.nativeSchemas = nativeSchemas;
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
    Question question = Question.of(name, request, backend, nativeSchemas);
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
    Question question = Question.of(name, request, backend, nativeSchemas);
    StreamingChatModel client = client(() -> clients.streaming(question.options()));
    if (client == null) {
      return LanguageModel.super.stream(request, sink);
    }
    return streamed(question, sink);
  }

  private ChatResponse streamed(Question question, Consumer<ChatResponse.Chunk> sink) {
    StreamingChatModel client =
        Objects.requireNonNull(client(() -> clients.streaming(question.options())));
    if (question.instructed()) {
      ChatResponse response = retries.run(() -> pieces(client, question, chunk -> {}), () -> false);
      sink.accept(new ChatResponse.Chunk(response.text()));
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
    AnswerStream stream = new AnswerStream(sink);
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
    FinishReason reason = finishReason(response, given);
    AnswerSchema schema = question.schema();
    String text = given;
    if (schema != null && reason == FinishReason.STOP) {
      text = question.instructed() ? AnswerSchema.unfenced(given) : given;
      schema.check(name, text);
    }
    return new ChatResponse(text, reason, usage(response), time);
  }

  private FinishReason finishReason(
      dev.langchain4j.model.chat.response.ChatResponse response, String text) {
    return switch (response.finishReason()) {
      case LENGTH -> FinishReason.LENGTH;
      case CONTENT_FILTER -> throw Failures.withheld(name);
      case TOOL_EXECUTION ->
          throw new ModelException(
              Kind.BAD_RESPONSE,
              "The language model " + name + " wants to call a tool, but was given none.",
              null);
      case OTHER -> {
        if (text.isBlank()) {
          throw new ModelException(
              Kind.BAD_RESPONSE,
              "The language model " + name + " ended without an answer, and gave no reason.",
              null);
        }
        yield FinishReason.STOP;
      }
      case STOP -> FinishReason.STOP;
      case null -> FinishReason.STOP;
    };
  }

  private static TokenUsage usage(dev.langchain4j.model.chat.response.ChatResponse response) {
    dev.langchain4j.model.output.TokenUsage usage = response.tokenUsage();
    return usage == null
        ? new TokenUsage(0, 0)
        : new TokenUsage(orZero(usage.inputTokenCount()), orZero(usage.outputTokenCount()));
  }

  private static int orZero(@Nullable Integer count) {
    return count == null ? 0 : count;
  }

  /** Closes the connections of a model that was opened by a spec; further requests are refused. */
  @Override
  public void close() {
    closed = true;
    if (calls != null) {
      calls.close();
    }
  }

  @Override
  public String toString() {
    return "LangChain4j[" + name + "]";
  }
}
