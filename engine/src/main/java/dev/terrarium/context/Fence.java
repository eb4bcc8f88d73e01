package dev.terrarium.context;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that an interruption hits the work that it is meant for and nothing that comes after:
 * only work that is inside can be interrupted, and none leaves while an interruption is under way.
 * Thread-safe.
 */
final class Fence {

  /** One visit. Guarded by the fence. */
  static final class Visit {
    private boolean over;
    private volatile boolean stopped;

    /** Whether it was asked to stop, before it was over. */
    boolean isStopped() {
      return stopped;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition quiet = lock.newCondition();
  private @Nullable Visit inside;
  private boolean interrupting;

  /** On the carrier, before the context is entered; then the visit looks whether it is stopped. */
  void enter(Visit visit) {
    lock.lock();
    try {
      inside = visit;
    } finally {
      lock.unlock();
    }
  }

  /** On the carrier, after the context was left. The thread's interrupt flag is cleared. */
  void leave(Visit visit) {
    lock.lock();
    try {
      visit.over = true;
      inside = null;
      while (interrupting) {
        quiet.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    Thread.interrupted(); // cleared on purpose: it was meant for the visit
  }

  /** Whether the visit still lasts. */
  boolean isInside(Visit visit) {
    lock.lock();
    try {
      return inside == visit;
    } finally {
      lock.unlock();
    }
  }

  /** What is inside, if anything. */
  @Nullable Visit inside() {
    lock.lock();
    try {
      return inside;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Marks a visit as stopped, unless it is over.
   *
   * @return whether it is inside and the caller has to interrupt it, and then to call {@link
   *     #interrupted}
   */
  boolean stop(Visit visit) {
    lock.lock();
    try {
      if (visit.over || visit.stopped) {
        return false;
      }
      visit.stopped = true;
      interrupting = inside == visit;
      return interrupting;
    } finally {
      lock.unlock();
    }
  }

  /** The interruption is over; what it was meant for may leave. */
  void interrupted() {
    lock.lock();
    try {
      interrupting = false;
      quiet.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
