package dev.terrarium.internal.admission;

import dev.terrarium.AdmissionConfig;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.internal.pool.Deadline;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bulkhead of one framework and the bounded queue before it. The queue is Terrarium's own: the
 * bulkhead's wait has no bound, no deadline and no reason. A place that a call leaves goes to the
 * first caller in the queue without becoming free in between, so no place is free while a caller
 * waits. Thread-safe.
 */
final class BulkheadQueue {

  private final String framework;
  private final AdmissionConfig.Bulkhead config;
  private final Bulkhead bulkhead;
  private final ReentrantLock lock = new ReentrantLock();

  /** The latches of the waiting callers, each of which opens when the caller has a place. */
  private final Queue<CountDownLatch> queue = new ArrayDeque<>();

  BulkheadQueue(String framework, AdmissionConfig.Bulkhead config) {
    this.framework = framework;
    this.config = config;
    this.bulkhead =
        Bulkhead.of(
            framework,
            BulkheadConfig.custom()
                .maxConcurrentCalls(config.concurrency())
                .maxWaitDuration(Duration.ZERO)
                .build());
  }

  /**
   * Takes a place, which the caller must {@link #leave}.
   *
   * @throws OverloadException when the queue is full, or the wait in it took too long
   * @throws CallTimeoutException when the deadline passes first
   * @throws CallInterruptedException when the calling thread is interrupted, whose interrupt flag
   *     is set again
   */
  void enter(Deadline deadline) {
    CountDownLatch turn = null;
    boolean interrupted;
    lock.lock();
    try {
      if (queue.isEmpty() && bulkhead.tryAcquirePermission()) {
        return;
      }
      // The bulkhead admits no interrupted thread.
      interrupted = Thread.currentThread().isInterrupted();
      if (!interrupted && queue.size() < config.queue()) {
        turn = new CountDownLatch(1);
        queue.add(turn);
      }
    } finally {
      lock.unlock();
    }
    if (turn == null) {
      throw interrupted ? interrupted(new InterruptedException()) : overload(0);
    }
    await(turn, deadline);
  }

  private void await(CountDownLatch turn, Deadline deadline) {
    long begin = System.nanoTime();
    long patience = config.maxWait().toNanos();
    long left = deadline.left(begin);
    try {
      if (!turn.await(Math.min(patience, left), TimeUnit.NANOSECONDS) && withdraw(turn)) {
        throw left <= patience ? passed(deadline) : overload(System.nanoTime() - begin);
      }
    } catch (InterruptedException e) {
      if (!withdraw(turn)) {
        leave();
      }
      throw interrupted(e);
    }
  }

  /** Leaves the queue; returns false when the caller got a place in the meantime. */
  private boolean withdraw(CountDownLatch turn) {
    lock.lock();
    try {
      return queue.remove(turn);
    } finally {
      lock.unlock();
    }
  }

  /** Passes a place to the first caller in the queue, or frees the place. */
  void leave() {
    CountDownLatch next;
    lock.lock();
    try {
      next = queue.poll();
      if (next == null) {
        bulkhead.onComplete();
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      next.countDown();
    }
  }

  int running() {
    Bulkhead.Metrics metrics = bulkhead.getMetrics();
    return metrics.getMaxAllowedConcurrentCalls() - metrics.getAvailableConcurrentCalls();
  }

  int queued() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  private OverloadException overload(long waited) {
    return new OverloadException(
        "Framework '%s' has as many calls as it may: running=%d of %d, queued=%d of %d, waited %s of %s. Call it later, or raise its bulkhead's limits."
            .formatted(
                framework,
                running(),
                config.concurrency(),
                queued(),
                config.queue(),
                Duration.ofNanos(waited),
                config.maxWait()));
  }

  private CallTimeoutException passed(Deadline deadline) {
    return new CallTimeoutException(
        "A call of framework '%s' was not let in within its deadline of %s: running=%d of %d, queued=%d of %d."
            .formatted(
                framework, deadline, running(), config.concurrency(), queued(), config.queue()));
  }

  private CallInterruptedException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new CallInterruptedException(
        "Interrupted while waiting to be let in to framework '" + framework + "'.", cause);
  }
}
