package dev.terrarium.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** A subscriber that takes one item after another. */
final class Reading<T> implements Flow.Subscriber<T> {

  private final Consumer<? super T> reader;
  private final CompletableFuture<Boolean> end = new CompletableFuture<>();

  private Reading(Consumer<? super T> reader) {
    this.reader = reader;
  }

  /**
   * Passes all published items to the reader; returns when the stream ends, or throws the exception
   * that ended it.
   */
  static <T> void of(Flow.Publisher<T> publisher, Consumer<? super T> reader) {
    Reading<T> reading = new Reading<>(reader);
    publisher.subscribe(reading);
    try {
      reading.end.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(T piece) {
    try {
      reader.accept(piece);
    } catch (RuntimeException e) {
      end.completeExceptionally(e);
      throw e;
    }
  }

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    end.complete(true);
  }
}
