package dev.terrarium.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.PartialToolCallContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatResponse.Chunk;
import dev.terrarium.model.ChatResponse.ToolCallPiece;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The receiver of one streamed answer, whose pieces go to the sink on the thread that made this
 * object. A client that streams on a thread of its own waits when it is {@value #CAPACITY} pieces
 * ahead. Thread-safe for that thread and one thread of the client.
 */
final class AnswerStream implements StreamingChatResponseHandler {

  static final int CAPACITY = 64;
  private static final long LOOK_MILLIS = 20;

  /** An event of the answer, queued in order. */
  private sealed interface Event {
    record Piece(Chunk chunk) implements Event {}

    record Done(ChatResponse response) implements Event {}

    record Failed(Throwable cause) implements Event {}
  }

  private final Thread caller = Thread.currentThread();
  private final ToolCalls toolCalls;
  private final Consumer<Chunk> sink;
  private final Set<Integer> inPieces = new HashSet<>();
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(CAPACITY);
  private final StringBuilder text = new StringBuilder();
  private @Nullable Throwable failureOfSink;
  private volatile boolean givenUp;
  private volatile @Nullable StreamingHandle handle;

  AnswerStream(ToolCalls toolCalls, Consumer<Chunk> sink) {
    this.toolCalls = toolCalls;
    this.sink = sink;
  }

  @Override
  public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
    handle = context.streamingHandle();
    onPartialResponse(piece.text());
  }

  @Override
  public void onPartialResponse(String piece) {
    onPiece(new Chunk(piece));
  }

  @Override
  public void onPartialThinking(PartialThinking piece) {
    onPiece(new Chunk("", piece.text(), null));
  }

  @Override
  public void onPartialThinking(PartialThinking piece, PartialThinkingContext context) {
    handle = context.streamingHandle();
    onPartialThinking(piece);
  }

  @Override
  public void onPartialToolCall(PartialToolCall piece) {
    inPieces.add(piece.index());
    onPiece(toolCall(piece.index(), piece.id(), piece.name(), piece.partialArguments()));
  }

  @Override
  public void onPartialToolCall(PartialToolCall piece, PartialToolCallContext context) {
    handle = context.streamingHandle();
    onPartialToolCall(piece);
  }

  /** Passes on a tool call that did not come in pieces. */
  @Override
  public void onCompleteToolCall(CompleteToolCall call) {
    if (inPieces.add(call.index())) {
      ToolExecutionRequest request = call.toolExecutionRequest();
      onPiece(toolCall(call.index(), request.id(), request.name(), request.arguments()));
    }
  }

  private Chunk toolCall(
      int index, @Nullable String id, @Nullable String name, @Nullable String arguments) {
    ToolCall call =
        new ToolCall(
            toolCalls.id(index, id),
            Objects.requireNonNullElse(name, ""),
            Objects.requireNonNullElse(arguments, ""));
    return new Chunk("", "", new ToolCallPiece(index, call));
  }

  private void onPiece(Chunk piece) {
    if (givenUp) {
      giveUp();
    } else if (Thread.currentThread() != caller) {
      queue(new Event.Piece(piece));
    } else if (failureOfSink == null) {
      try {
        pass(piece);
      } catch (RuntimeException | Error e) {
        giveUp(); // await throws it; the client would log it and go on
      }
    }
  }

  @Override
  public void onCompleteResponse(ChatResponse response) {
    queue(new Event.Done(response));
  }

  @Override
  public void onError(Throwable error) {
    queue(new Event.Failed(error));
  }

  private void queue(Event event) {
    try {
      while (!givenUp && !events.offer(event, LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        // The caller of the model is slow.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (!events.offer(event)) {
        giveUp();
      }
    }
  }

  private void pass(Chunk piece) {
    text.append(piece.text());
    try {
      sink.accept(piece);
    } catch (RuntimeException | Error e) {
      failureOfSink = e;
      throw e;
    }
  }

  /** Ends the exchange with the service; a client that names no handle ends by itself. */
  private void giveUp() {
    givenUp = true;
    StreamingHandle known = handle;
    if (known != null && !known.isCancelled()) {
      try {
        known.cancel();
      } catch (RuntimeException e) {
        handle = null; // a client that cannot cancel; its further pieces are dropped
      }
    }
  }

  /** Returns the exception of the sink, which is no failure of the model; null without one. */
  @Nullable Throwable failureOfSink() {
    return failureOfSink;
  }

  /** Returns the pieces so far, joined. */
  String text() {
    return text.toString();
  }

  /**
   * Waits for the end of the answer, and passes its pieces to the sink.
   *
   * @param ended whether the client has returned with the end of the answer
   * @return the answer, or null when the client ended without one
   * @throws CallInterruptedException when the thread is interrupted; the exchange is ended
   * @throws Exception what the client reported
   */
  @Nullable ChatResponse await(boolean ended) throws Exception {
    boolean whole = false;
    try {
      while (true) {
        if (failureOfSink instanceof RuntimeException e) {
          throw e;
        }
        if (failureOfSink instanceof Error e) {
          throw e;
        }
        switch (ended ? events.poll() : events.take()) {
          case null -> {
            return null;
          }
          case Event.Piece piece -> pass(piece.chunk());
          case Event.Done done -> {
            whole = true;
            return done.response();
          }
          case Event.Failed failed -> {
            if (failed.cause() instanceof Error error) {
              throw error;
            }
            throw (Exception) failed.cause();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(HttpCalls.INTERRUPTED, e);
    } finally {
      if (!whole) {
        giveUp();
      }
    }
  }
}
