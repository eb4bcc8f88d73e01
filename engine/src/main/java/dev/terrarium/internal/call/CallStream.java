package dev.terrarium.internal.call;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.StreamIdleException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A publisher of the pieces that a source yields; each subscriber has a run of the source for
 * itself. Follows the reactive-streams specification. Thread-safe.
 *
 * @param <T> the type of a piece
 */
final class CallStream<T> implements Flow.Publisher<T> {

  /**
   * A source of pieces. The source yields into the sink, which blocks while the buffer is full and
   * throws when the source must stop.
   */
  @FunctionalInterface
  interface Source<T> {
    /** Yields all pieces and then returns; an interruption of its thread stops the source. */
    void run(Consumer<@Nullable T> sink) throws Exception;
  }

  /** A hook that carries values of the subscribing thread to the thread that runs the source. */
  @FunctionalInterface
  interface Propagation {
    Callable<@Nullable Void> wrap(Callable<@Nullable Void> work);
  }

  private final String what;
  private final Source<T> source;
  private final Propagation propagation;
  private final int capacity;
  private final Duration idleTimeout;

  /**
   * Creates a publisher.
   *
   * @param what the stream's name in messages
   * @param capacity maximum number of pieces that wait for a subscriber
   * @param idleTimeout how long the source waits for a subscriber that requests nothing
   */
  CallStream(
      String what, Source<T> source, Propagation propagation, int capacity, Duration idleTimeout) {
    this.what = what;
    this.source = source;
    this.propagation = propagation;
    this.capacity = capacity;
    this.idleTimeout = idleTimeout;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super T> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    Run run = new Run(subscriber);
    try {
      subscriber.onSubscribe(run);
    } catch (RuntimeException | Error e) {
      run.cancel();
      throw e;
    }
    run.open();
  }

  /**
   * One subscriber's run, with a thread that runs the source and a thread that calls the
   * subscriber. The first request starts both threads.
   */
  private final class Run implements Flow.Subscription {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final Condition news = lock.newCondition();
    private final Queue<T> waiting = new ArrayDeque<>();
    private final Callable<@Nullable Void> work;
    private Flow.@Nullable Subscriber<? super T> subscriber;
    private @Nullable Thread caller;
    private long demand;
    private boolean open;
    private boolean ended;
    private @Nullable Throwable failure;

    Run(Flow.Subscriber<? super T> subscriber) {
      this.subscriber = subscriber;
      this.work = work();
    }

    private Callable<@Nullable Void> work() {
      try {
        return propagation.wrap(
            () -> {
              source.run(this::emit);
              return null;
            });
      } catch (RuntimeException e) {
        return () -> {
          throw e;
        };
      }
    }

    /** Allows calls to the subscriber, which has returned from onSubscribe. */
    void open() {
      lock.lock();
      try {
        open = true;
        news.signal();
      } finally {
        lock.unlock();
      }
    }

    /**
     * Returns whether a piece is available and requested, or the end is reached. The lock must be
     * held.
     */
    private boolean hasNext() {
      return waiting.isEmpty() ? ended : demand > 0;
    }

    @Override
    public void request(long count) {
      lock.lock();
      try {
        if (subscriber == null) {
          return;
        }
        if (count <= 0) {
          end(new IllegalArgumentException("request: " + count + " is not above zero"));
        } else {
          demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
        }
        news.signal();
        if (caller == null) {
          Runnable call = ended ? () -> {} : this::call;
          caller = Thread.ofVirtual().name("terrarium-stream").start(call);
          Thread unused = Thread.ofVirtual().name("terrarium-deliver").start(this::deliver);
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void cancel() {
      lock.lock();
      try {
        subscriber = null;
        end(null);
      } finally {
        lock.unlock();
      }
    }

    /** Stops the source, whose pieces are no longer wanted. The lock must be held. */
    private void end(@Nullable Throwable reason) {
      if (!ended || reason != null) {
        failure = reason;
      }
      ended = true;
      waiting.clear();
      room.signal();
      news.signal();
      if (caller != null) {
        caller.interrupt();
      }
    }

    private void call() {
      Throwable reason = null;
      try {
        work.call();
      } catch (Throwable e) {
        reason = e;
      }
      lock.lock();
      try {
        if (!ended) {
          ended = true;
          failure = reason;
        }
        room.signal(); // the carrier may still wait when the call's deadline has passed
        news.signal();
      } finally {
        lock.unlock();
      }
    }

    /** Adds a piece to the buffer; called on the carrier. */
    private void emit(@Nullable T piece) {
      lock.lock();
      try {
        if (piece == null) {
          throw new ConversionException("item", what + " yielded None, which a stream cannot hold");
        }
        long left = TimeUnit.NANOSECONDS.convert(idleTimeout);
        while (waiting.size() >= capacity && !ended) {
          if (left <= 0) {
            throw new StreamIdleException(
                what
                    + " was ended: nothing was requested for "
                    + idleTimeout
                    + " while "
                    + waiting.size()
                    + " pieces waited. Request more, cancel what is not read, or raise"
                    + " streamIdleTimeout.");
          }
          left = room.awaitNanos(left);
        }
        if (ended) {
          throw new CallInterruptedException(what + " is not read any more.");
        }
        waiting.add(piece);
        news.signal();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CallInterruptedException(what + " is being stopped.", e);
      } finally {
        lock.unlock();
      }
    }

    private void deliver() {
      boolean goOn = true;
      while (goOn) {
        goOn = deliverNext();
      }
    }

    /**
     * Passes the next piece or the end to the subscriber, if there is one; returns false after the
     * end.
     */
    private boolean deliverNext() {
      Flow.@Nullable Subscriber<? super T> reader;
      @Nullable T piece;
      @Nullable Throwable reason;
      lock.lock();
      try {
        while (subscriber != null && !(open && hasNext())) {
          news.awaitUninterruptibly();
        }
        reader = subscriber;
        piece = waiting.poll();
        reason = failure;
        if (reader == null) {
          return false;
        }
        if (piece == null) {
          subscriber = null;
        } else {
          demand = demand == Long.MAX_VALUE ? demand : demand - 1;
          room.signal();
        }
      } finally {
        lock.unlock();
      }
      try {
        if (piece != null) {
          reader.onNext(piece);
        } else if (reason != null) {
          reader.onError(reason);
        } else {
          reader.onComplete();
        }
      } catch (RuntimeException | Error e) {
        System.getLogger("terrarium.stream")
            .log(Level.WARNING, "A subscriber of " + what + " threw, and gets no more.", e);
        cancel();
      }
      return piece != null;
    }
  }
}
