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
 * An answer in the making, from which pieces are pulled: a virtual thread runs the model, which
 * pushes. When {@link #CAPACITY} pieces wait, the model does. Thread-safe.
 */
final class ModelStream implements AutoCloseable {

  /** How many pieces may wait to be pulled. */
  static final int CAPACITY = 16;

  /** What can be pulled: pieces, then the whole. */
  sealed interface Next {}

  record Piece(String text) implements Next {}

  record Whole(ChatResponse response) implements Next {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition news = lock.newCondition();
  private final Queue<String> waiting = new ArrayDeque<>();
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
   * Has an answer made, as a part of the call that this thread works for, with which it ends.
   *
   * @param model makes the answer and gives each piece to its argument; an interruption stops it
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

  /** On the model's thread. */
  private void give(ChatResponse.Chunk chunk) {
    lock.lock();
    try {
      while (waiting.size() >= CAPACITY && !hasEnded()) {
        room.await();
      }
      if (hasEnded()) {
        throw new CallInterruptedException("The answer is not read any more.");
      }
      waiting.add(chunk.text());
      news.signal();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("The answer is not read any more.", e);
    } finally {
      lock.unlock();
    }
  }

  /** Lock held. */
  private boolean hasEnded() {
    return response != null || failure != null;
  }

  /** The first end counts. */
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
   * Waits for what is next, a piece, or the whole after the last one.
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
      String piece = waiting.poll();
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

  /** Stops the model, whose answer is not wanted any more. Twice is once. */
  @Override
  public void close() {
    end(null, new CallInterruptedException("The answer of the language model was given up."));
    maker.interrupt();
    scope.ifPresent(call -> call.forget(closing));
  }
}
