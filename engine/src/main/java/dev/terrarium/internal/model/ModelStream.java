package dev.terrarium.internal.model;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.model.ChatResponse;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A stream from which the pieces of an answer are pulled while a virtual thread runs the model,
 * which pushes them. When {@link #CAPACITY} pieces wait, the model waits. Thread-safe.
 */
final class ModelStream implements AutoCloseable {

  /** The maximum number of pieces that wait to be pulled. */
  static final int CAPACITY = 16;

  /** The next item of the stream: a piece or, after all pieces, the complete answer. */
  sealed interface Next {}

  record Piece(ChatResponse.Chunk chunk) implements Next {}

  record Whole(ChatResponse response) implements Next {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition news = lock.newCondition();
  private final Queue<ChatResponse.Chunk> waiting = new ArrayDeque<>();
  private final Thread maker;
  private final Optional<CallScope> scope = CallScope.current();
  private final Runnable closing = this::close;
  private @Nullable ChatResponse response;
  private @Nullable Throwable failure;

  private ModelStream(Function<Consumer<ChatResponse.Chunk>, ChatResponse> model) {
    maker =
        Thread.ofVirtual().name("terrarium-model").unstarted(CallScope.carry(() -> make(model)));
  }

  /**
   * Starts a stream as a part of the call that this thread works for; the stream ends with that
   * call.
   *
   * @param model makes the answer and passes each piece to its argument; an interruption stops it
   */
  static ModelStream start(Function<Consumer<ChatResponse.Chunk>, ChatResponse> model) {
    ModelStream stream = new ModelStream(model);
    stream.maker.start();
    stream.scope.ifPresent(call -> call.onEnd(stream.closing));
    return stream;
  }

  private void make(Function<Consumer<ChatResponse.Chunk>, ChatResponse> model) {
    try {
      end(model.apply(this::give), null);
    } catch (Throwable e) {
      end(null, e);
    }
  }

  /** Queues a piece; called on the model's thread. */
  private void give(ChatResponse.Chunk chunk) {
    lock.lock();
    try {
      while (waiting.size() >= CAPACITY && !hasEnded()) {
        room.await();
      }
      if (hasEnded()) {
        throw new CallInterruptedException("The answer is not read any more.");
      }
      waiting.add(chunk);
      news.signal();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("The answer is not read any more.", e);
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the stream has ended. The lock must be held. */
  private boolean hasEnded() {
    return response != null || failure != null;
  }

  /** Ends the stream; the first end counts. */
  private void end(@Nullable ChatResponse whole, @Nullable Throwable reason) {
    lock.lock();
    try {
      if (!hasEnded()) {
        response = whole;
        failure = reason;
      }
      room.signal();
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the next piece, or for the complete answer after the last piece.
   *
   * @throws CallInterruptedException when this thread is interrupted, or the stream was closed
   * @throws RuntimeException what the model threw, after the pieces before
   */
  Next next() {
    lock.lock();
    try {
      while (waiting.isEmpty() && !hasEnded()) {
        news.await();
      }
      ChatResponse.Chunk piece = waiting.poll();
      room.signal();
      if (piece != null) {
        return new Piece(piece);
      }
      switch (failure) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case null, default -> {
          return new Whole(Objects.requireNonNull(response));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for the language model.", e);
    } finally {
      lock.unlock();
    }
  }

  /** Stops the model, whose answer is no longer wanted. Closing a second time does nothing. */
  @Override
  public void close() {
    end(null, new CallInterruptedException("The answer of the language model was given up."));
    maker.interrupt();
    scope.ifPresent(call -> call.forget(closing));
  }
}
