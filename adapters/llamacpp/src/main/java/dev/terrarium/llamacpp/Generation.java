package dev.terrarium.llamacpp;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatResponse;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The generation of one answer: a worker makes the answer, and the thread that asked for it takes
 * its pieces. A cancelled generation ends at the next token. Thread-safe for one worker and one
 * thread that asks.
 */
final class Generation {

  /**
   * The message of an answer that was given up. Nobody sees it: a thread that gives up its answer
   * does not wait for it.
   */
  static final String GIVEN_UP = "The answer was given up: the process is ending.";

  /** An event of the generation, queued in order. */
  private sealed interface Event {
    record Piece(String text) implements Event {}

    record Done(ChatResponse response) implements Event {}

    record Failed(Throwable cause) implements Event {}
  }

  private final int[] prompt;
  private final int maxTokens;
  private final Sampling sampling;
  private final List<String> stops;
  private final @Nullable String grammar;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private volatile boolean cancelled;

  /**
   * Creates a generation; the work begins by {@link #run}.
   *
   * @param grammar grammar of the answer, or null for a free answer
   */
  Generation(
      int[] prompt,
      int maxTokens,
      Sampling sampling,
      List<String> stops,
      @Nullable String grammar) {
    this.prompt = prompt;
    this.maxTokens = maxTokens;
    this.sampling = sampling;
    this.stops = stops;
    this.grammar = grammar;
  }

  void cancel() {
    cancelled = true;
  }

  void fail(Throwable cause) {
    events.add(new Event.Failed(cause));
  }

  /**
   * Cancels the answer and reports the reason to the waiting thread, without waiting for the
   * worker.
   */
  void giveUp(ModelException reason) {
    cancel();
    fail(reason);
  }

  /** Makes the answer, on the worker's thread, and reports it to the waiting thread. */
  void run(Vocabulary vocabulary, Conversations conversations) {
    if (cancelled) {
      fail(new ModelException(GIVEN_UP));
      return;
    }
    try {
      succeed(answer(vocabulary, conversations.forPrompt(prompt, maxTokens)));
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private ChatResponse answer(Vocabulary vocabulary, Conversation conversation) {
    try (Answer answer = new Answer(this, vocabulary)) {
      boolean going = conversation.read(prompt, maxTokens, this::isCancelled);
      while (going && answer.next(conversation.context(), -1)) {
        going = !cancelled;
        if (going) {
          conversation.read(answer.token());
        }
      }
      if (!going) {
        throw new ModelException(GIVEN_UP);
      }
      return answer.response();
    }
  }

  int[] prompt() {
    return prompt;
  }

  int maxTokens() {
    return maxTokens;
  }

  List<String> stops() {
    return stops;
  }

  TokenChoice choice(Vocabulary vocabulary) {
    return new TokenChoice(vocabulary, sampling, grammar);
  }

  boolean isCancelled() {
    return cancelled;
  }

  void succeed(ChatResponse response) {
    events.add(new Event.Done(response));
  }

  /** Queues a piece of the answer; an empty piece is ignored. */
  void give(String piece) {
    if (!piece.isEmpty()) {
      events.add(new Event.Piece(piece));
    }
  }

  /**
   * Waits for the answer, and passes its pieces to the sink on the calling thread.
   *
   * @throws CallInterruptedException when the thread is interrupted; the answer is cancelled
   */
  ChatResponse await(Consumer<ChatResponse.Chunk> sink) {
    boolean whole = false;
    try {
      while (true) {
        switch (events.take()) {
          case Event.Piece piece -> sink.accept(new ChatResponse.Chunk(piece.text()));
          case Event.Done done -> {
            whole = true;
            return done.response();
          }
          case Event.Failed failed -> throw rethrown(failed.cause());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(
          "Interrupted while waiting for the language model; its answer was given up.", e);
    } finally {
      if (!whole) {
        cancel();
      }
    }
  }

  /**
   * Returns an exception with the stack of the waiting thread, whose cause is the worker's
   * exception.
   */
  private static ModelException rethrown(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    String message =
        cause instanceof ModelException
            ? cause.getMessage()
            : "The language model failed: " + cause;
    return new ModelException(String.valueOf(message), cause);
  }
}
