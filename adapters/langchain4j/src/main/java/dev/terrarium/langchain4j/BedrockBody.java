package dev.terrarium.langchain4j;

import dev.terrarium.error.TerrariumException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * The body of a streamed answer, for one subscriber. It is read on the thread that demands it, as
 * much as is demanded. For one thread.
 */
final class BedrockBody implements Publisher<ByteBuffer>, Subscription {

  private static final int MOST_BYTES = 8192;

  private final Connection connection;
  private final InputStream body;
  private @Nullable Subscriber<? super ByteBuffer> subscriber;
  private @Nullable IOException failure;
  private long demand;
  private boolean reading;
  private boolean ended;

  BedrockBody(Connection connection, InputStream body) {
    this.connection = connection;
    this.body = body;
  }

  @Override
  public void subscribe(Subscriber<? super ByteBuffer> one) {
    subscriber = one;
    one.onSubscribe(this);
  }

  /** Passes pieces on; a subscriber that demands more of them within a piece gets them after it. */
  @Override
  public void request(long count) {
    demand = count > Long.MAX_VALUE - demand ? Long.MAX_VALUE : demand + count;
    if (reading || subscriber == null) {
      return;
    }
    reading = true;
    try {
      while (demand > 0 && !ended) {
        demand--;
        pass(subscriber);
      }
    } finally {
      reading = false;
    }
  }

  private void pass(Subscriber<? super ByteBuffer> subscriber) {
    byte[] bytes = new byte[MOST_BYTES];
    int count;
    try {
      count = body.read(bytes);
    } catch (IOException e) {
      failure = e;
      ended = true;
      return;
    }
    if (count < 0) {
      ended = true;
      subscriber.onComplete();
      return;
    }
    try {
      subscriber.onNext(ByteBuffer.wrap(Arrays.copyOf(bytes, count)));
    } catch (RuntimeException e) {
      ended = true;
      throw e instanceof TerrariumException
          ? e
          : Failures.unreadable(connection.name(), e, connection.secrets());
    }
  }

  @Override
  public void cancel() {
    ended = true;
  }

  /** Throws the failure that ended the body, if there is one. */
  void check() throws IOException {
    if (failure != null) {
      throw failure;
    }
  }
}
