package dev.terrarium.testing;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A subscriber that requests when the test says so. */
public final class Reader implements Flow.Subscriber<Object> {

  /** What came, in order. */
  public final List<Object> pieces = new CopyOnWriteArrayList<>();

  private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

  /** Subscribes, and requests nothing yet. */
  public static Reader of(Flow.Publisher<?> publisher) {
    Reader reader = new Reader();
    publisher.subscribe(reader);
    return reader;
  }

  public Reader request(long count) {
    subscription.join().request(count);
    return this;
  }

  public void cancel() {
    subscription.join().cancel();
  }

  /** Returns when so many pieces have come. */
  public Reader until(int count) {
    Task.until(count + " pieces: " + pieces, () -> pieces.size() >= count);
    return this;
  }

  /** How the stream ended, once it has: null when it completed. */
  public @Nullable Throwable end() throws Exception {
    return end.get(30, TimeUnit.SECONDS);
  }

  public boolean hasEnded() {
    return end.isDone();
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription.complete(given);
  }

  @Override
  public void onNext(Object piece) {
    pieces.add(piece);
  }

  @Override
  public void onError(Throwable failure) {
    end.complete(failure);
  }

  @Override
  @SuppressWarnings("NullAway") // null means completed
  public void onComplete() {
    end.complete(null);
  }
}
