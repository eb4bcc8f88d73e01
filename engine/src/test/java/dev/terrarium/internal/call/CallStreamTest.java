package dev.terrarium.internal.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.StreamIdleException;
import dev.terrarium.testing.Reader;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Streams without Python: demand, back-pressure, and every way to end. */
class CallStreamTest {

  private static final Duration LONG = Duration.ofMinutes(1);

  private final AtomicInteger yielded = new AtomicInteger();
  private final AtomicInteger runs = new AtomicInteger();
  private final CompletableFuture<Throwable> stopped = new CompletableFuture<>();

  private CallStream<Object> numbers(int buffer, Duration idleTimeout) {
    return new CallStream<>(
        "the test's stream",
        sink -> {
          runs.incrementAndGet();
          try {
            while (true) {
              sink.accept(yielded.get());
              yielded.incrementAndGet();
            }
          } catch (RuntimeException e) {
            stopped.complete(e);
            throw e;
          }
        },
        work -> work,
        buffer,
        idleTimeout);
  }

  private Throwable stopped() throws Exception {
    return stopped.get(30, TimeUnit.SECONDS);
  }

  @Test
  void nothingRunsBeforeSomethingIsRequested() {
    Reader reader = Reader.of(numbers(2, LONG));

    assertThat(runs).hasValue(0);
    assertThat(reader.hasEnded()).isFalse();
  }

  @Test
  void sourceWaitsForItsReader() throws Exception {
    Reader reader = Reader.of(numbers(2, LONG)).request(3).until(3);
    Task.until("the buffer is full", () -> yielded.get() == 5);

    assertThat(reader.pieces).containsExactly(0, 1, 2);
    reader.request(1).until(4);
    Task.until("one more", () -> yielded.get() == 6);
    reader.cancel();
    assertThat(stopped()).isInstanceOf(CallInterruptedException.class);
    assertThat(yielded).hasValue(6);
  }

  @Test
  void eachSubscriberHasARunOfItsOwn() {
    CallStream<Object> stream = numbers(1, LONG);
    Reader first = Reader.of(stream).request(1).until(1);
    Reader second = Reader.of(stream).request(1).until(1);
    first.cancel();
    second.cancel();

    assertThat(runs).hasValue(2);
  }

  @Test
  void streamThatNobodyReadsEnds() throws Exception {
    Reader reader = Reader.of(numbers(2, Duration.ofMillis(1))).request(1);

    assertThat(stopped())
        .isInstanceOf(StreamIdleException.class)
        .hasMessageContaining("nothing was requested for PT0.001S while 2 pieces waited");
    reader.request(10);
    assertThat(reader.end()).isInstanceOf(StreamIdleException.class);
    assertThat(reader.pieces).containsExactly(0, 1, 2); // what was there is not lost
  }

  @Test
  void subscriberThatThrowsAtOnceHasCancelled() throws Exception {
    Flow.Subscriber<Object> subscriber =
        new Flow.Subscriber<>() {
          @Override
          public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(1);
            throw new IllegalStateException("not today");
          }

          @Override
          public void onNext(Object piece) {}

          @Override
          public void onError(Throwable failure) {}

          @Override
          public void onComplete() {}
        };

    assertThatThrownBy(() -> numbers(2, LONG).subscribe(subscriber)).hasMessage("not today");
    assertThat(stopped()).isInstanceOf(CallInterruptedException.class);
  }

  @Test
  void requestOfZeroPiecesIsAnError() throws Exception {
    Reader reader = Reader.of(numbers(2, LONG)).request(0);

    assertThat(reader.end()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0");
    assertThat(runs).as("runs of the source").hasValue(0);
  }

  @Test
  void noneIsNotAPiece() throws Exception {
    Reader reader =
        Reader.of(new CallStream<>("s", sink -> sink.accept(null), work -> work, 2, LONG))
            .request(1);

    assertThat(reader.end()).isInstanceOf(ConversionException.class).hasMessageContaining("None");
  }

  @Test
  void failureFollowsTheYieldedPieces() throws Exception {
    CallStream<Object> stream =
        new CallStream<>(
            "s",
            sink -> {
              sink.accept("one");
              throw new IllegalStateException("no more");
            },
            work -> work,
            2,
            LONG);
    Reader reader = Reader.of(stream).request(5);

    assertThat(reader.end()).hasMessage("no more");
    assertThat(reader.pieces).containsExactly("one");
  }

  @Test
  void cancelInterruptsASourceThatWorks() throws Exception {
    CountDownLatch working = new CountDownLatch(1);
    CallStream<Object> stream =
        new CallStream<>(
            "s",
            sink -> {
              working.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                stopped.complete(e);
                throw e;
              }
            },
            work -> work,
            2,
            LONG);
    Reader reader = Reader.of(stream).request(1);
    Task.await(working);
    reader.cancel();

    assertThat(stopped()).isInstanceOf(InterruptedException.class);
    assertThat(reader.hasEnded()).isFalse();
  }

  @Test
  void propagationThatFailsFailsTheStream() throws Exception {
    CallStream<Object> stream =
        new CallStream<>(
            "s",
            sink -> sink.accept("never"),
            work -> {
              throw new IllegalStateException("nobody is logged in");
            },
            2,
            LONG);
    Reader reader = Reader.of(stream).request(1);

    assertThat(reader.end()).hasMessage("nobody is logged in");
    assertThat(reader.pieces).isEmpty();
  }
}
