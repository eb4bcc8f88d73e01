package dev.terrarium.transformers;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.ModelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Computes the inputs of concurrent callers in batches, on one thread of its own. Thread-safe;
 * callers may be virtual threads, which wait without pinning a carrier.
 *
 * <p>A batch has the input that waited longest, with other waiting inputs of its bucket, in the
 * order of their arrival; so no input waits for ever. The thread computes whenever inputs wait, and
 * inputs that arrive while it computes form the next batches. A caller that is interrupted takes
 * its inputs out of the queue. A caller with many inputs enters them some batches at a time, so
 * that those of other callers come between. When all callers of a batch that is being computed have
 * gone, the computation is told to stop.
 *
 * @param <I> an input
 * @param <O> what is computed of one input
 */
final class BatchScheduler<I, O> implements AutoCloseable {

  /** Computes a batch. */
  @FunctionalInterface
  interface Computation<I, O> {

    /**
     * Returns one output for each input, in order.
     *
     * @param batch inputs of one bucket
     * @param run the batch, to which the computation says how to stop it
     */
    List<O> compute(List<I> batch, Run run);
  }

  /** A batch that is being computed. */
  interface Run {

    /**
     * Sets the action that stops the computation when nobody waits for the batch any more. It runs
     * at most once, on another thread, and not after {@link #finished}.
     */
    void stoppedBy(Runnable action);

    /** Ends the time in which the action may run. */
    void finished();
  }

  /** The number of full batches of one caller that may wait at a time. */
  private static final int MOST_BATCHES = 8;

  private final String name;
  private final Batching batching;
  private final ToIntFunction<? super I> bucketOf;
  private final Computation<I, O> computation;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private final Thread worker;
  private boolean closed;

  private final class Request {
    private final I input;
    private final int bucket;
    private final long arrival = System.nanoTime();
    private final CompletableFuture<O> output = new CompletableFuture<>();
    private @Nullable Batch batch;

    Request(I input) {
      this.input = input;
      this.bucket = bucketOf.applyAsInt(input);
    }
  }

  /** The requests that are computed together; its fields are guarded by the lock. */
  private final class Batch implements Run {
    private final List<Request> requests;
    private int abandoned;
    private @Nullable Runnable stop;

    Batch(List<Request> requests) {
      this.requests = requests;
    }

    @Override
    public void stoppedBy(Runnable action) {
      lock.lock();
      try {
        stop = action;
        stopIfAbandoned();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void finished() {
      lock.lock();
      try {
        stop = null;
      } finally {
        lock.unlock();
      }
    }

    private void stopIfAbandoned() {
      if (abandoned == requests.size() && stop != null) {
        Runnable action = stop;
        stop = null;
        action.run();
      }
    }
  }

  /**
   * Creates a scheduler and starts its thread.
   *
   * @param name what computes, for messages
   * @param bucketOf returns the bucket of an input; only inputs of one bucket are computed together
   */
  BatchScheduler(
      String name,
      Batching batching,
      ToIntFunction<? super I> bucketOf,
      Computation<I, O> computation) {
    this.name = name;
    this.batching = batching;
    this.bucketOf = bucketOf;
    this.computation = computation;
    this.worker =
        Thread.ofPlatform()
            .daemon()
            .inheritInheritableThreadLocals(false)
            .name("terrarium-batches " + name)
            .start(this::work);
  }

  /**
   * Returns the outputs of inputs, in order; waits until all are computed.
   *
   * @throws CallInterruptedException when the thread is interrupted; its inputs are given up
   * @throws ClosedException when the scheduler is closed before all inputs are computed
   * @throws RuntimeException what the computation threw for one of the inputs
   */
  List<O> computeAll(List<? extends I> inputs) {
    int most = MOST_BATCHES * batching.maxTexts();
    List<O> outputs = new ArrayList<>(inputs.size());
    for (int from = 0; from < inputs.size(); from += most) {
      outputs.addAll(computeSome(inputs.subList(from, Math.min(from + most, inputs.size()))));
    }
    return outputs;
  }

  private List<O> computeSome(List<? extends I> inputs) {
    List<Request> requests = new ArrayList<>(inputs.size());
    for (I input : inputs) {
      requests.add(new Request(input));
    }
    lock.lock();
    try {
      if (closed) {
        throw closedException();
      }
      waiting.addAll(requests);
      changed.signal();
    } finally {
      lock.unlock();
    }
    boolean whole = false;
    try {
      List<O> outputs = new ArrayList<>(requests.size());
      for (Request request : requests) {
        outputs.add(request.output.get());
      }
      whole = true;
      return outputs;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(
          "Interrupted while waiting for the model " + name + ".", e);
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      if (!whole) {
        abandon(requests);
      }
    }
  }

  /** Returns an exception with the stack of the caller, and the failure of the batch as cause. */
  private RuntimeException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case ModelException e -> new ModelException(e.kind(), String.valueOf(e.getMessage()), e);
      case ClosedException e -> closedException();
      case null, default -> new ModelException("The model " + name + " failed: " + cause, cause);
    };
  }

  private void abandon(List<Request> requests) {
    lock.lock();
    try {
      waiting.removeAll(requests);
      for (Request request : requests) {
        Batch batch = request.batch;
        if (batch != null && request.output.cancel(false)) {
          batch.abandoned++;
          batch.stopIfAbandoned();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void work() {
    while (true) {
      Batch batch = next();
      if (batch == null) {
        return;
      }
      compute(batch);
    }
  }

  /** Returns the next batch when it is due; null when the scheduler was closed. */
  private @Nullable Batch next() {
    lock.lock();
    try {
      while (!closed) {
        Request oldest = waiting.peek();
        if (oldest == null) {
          changed.awaitUninterruptibly();
          continue;
        }
        long left = batching.maxDelay().toNanos() - (System.nanoTime() - oldest.arrival);
        if (left <= 0 || isFull(oldest.bucket)) {
          return take(oldest.bucket);
        }
        try {
          changed.awaitNanos(left);
        } catch (InterruptedException e) {
          // Nobody interrupts this thread on purpose: the request is computed without delay.
          return take(oldest.bucket);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private boolean isFull(int bucket) {
    return waiting.stream()
            .filter(request -> request.bucket == bucket)
            .limit(batching.maxTexts())
            .count()
        == batching.maxTexts();
  }

  private Batch take(int bucket) {
    List<Request> requests = new ArrayList<>();
    Iterator<Request> each = waiting.iterator();
    while (each.hasNext() && requests.size() < batching.maxTexts()) {
      Request request = each.next();
      if (request.bucket == bucket) {
        each.remove();
        requests.add(request);
      }
    }
    Batch batch = new Batch(requests);
    requests.forEach(request -> request.batch = batch);
    return batch;
  }

  private void compute(Batch batch) {
    List<O> outputs;
    try {
      outputs =
          computation.compute(batch.requests.stream().map(each -> each.input).toList(), batch);
    } catch (RuntimeException | Error e) {
      failed(batch, e);
      return;
    } finally {
      batch.finished();
    }
    for (int i = 0; i < outputs.size(); i++) {
      batch.requests.get(i).output.complete(outputs.get(i));
    }
  }

  /** Computes each input of a failed batch alone, since only one of them may be the reason. */
  private void failed(Batch batch, Throwable failure) {
    if (batch.requests.size() == 1) {
      batch.requests.getFirst().output.completeExceptionally(failure);
      return;
    }
    for (Request request : batch.requests) {
      if (!request.output.isDone()) {
        Batch alone = new Batch(List.of(request));
        lock.lock();
        try {
          request.batch = alone;
          if (request.output.isDone()) {
            continue;
          }
        } finally {
          lock.unlock();
        }
        compute(alone);
      }
    }
  }

  /** Returns the number of inputs that wait. */
  int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  private ClosedException closedException() {
    return new ClosedException("The model " + name + " is closed.");
  }

  /** Fails what waits, and returns when the thread has computed its batch and ended. */
  @Override
  public void close() {
    List<Request> left;
    lock.lock();
    try {
      closed = true;
      left = List.copyOf(waiting);
      waiting.clear();
      changed.signal();
    } finally {
      lock.unlock();
    }
    left.forEach(request -> request.output.completeExceptionally(closedException()));
    boolean interrupted = false;
    while (worker.isAlive()) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
