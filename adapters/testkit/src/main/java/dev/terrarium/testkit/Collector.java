package dev.terrarium.testkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber that collects what a stream publishes. It waits for two minutes at most.
 * Thread-safe.
 *
 * @param <T> the items
 */
public final class Collector<T> implements Flow.Subscriber<T> {

  private final int most;
  private final List<T> pieces = Collections.synchronizedList(new ArrayList<>());
  private final CompletableFuture<List<T>> end = new CompletableFuture<>();
  private volatile Flow.@Nullable Subscription subscription;

  private Collector(int most) {
    this.most = most;
  }

  /**
   * Returns all published items.
   *
   * @throws java.util.concurrent.ExecutionException when the stream fails, with the failure as the
   *     cause
   * @throws java.util.concurrent.TimeoutException when the stream does not end
   */
  public static <T> List<T> all(Flow.Publisher<T> publisher)
      throws InterruptedException, ExecutionException, TimeoutException {
    return first(Integer.MAX_VALUE, publisher);
  }

  /**
   * Returns the first items, and cancels then; fewer if the stream ends before.
   *
   * @throws java.util.concurrent.ExecutionException when the stream fails, with the failure as the
   *     cause
   * @throws java.util.concurrent.TimeoutException when the stream does not come so far
   */
  public static <T> List<T> first(int most, Flow.Publisher<T> publisher)
      throws InterruptedException, ExecutionException, TimeoutException {
    Collector<T> collector = new Collector<>(most);
    publisher.subscribe(collector);
    return collector.end.get(2, TimeUnit.MINUTES);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(T piece) {
    pieces.add(piece);
    Flow.Subscription current = subscription;
    if (pieces.size() == most && current != null) {
      current.cancel();
      onComplete();
    }
  }

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    end.complete(List.copyOf(pieces));
  }
}
