package dev.terrarium.internal.context;

import java.lang.System.Logger.Level;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that an interruption hits the work that it is meant for and nothing that comes after:
 * only work that is inside can be interrupted, and none leaves while an interruption is under way.
 * Work that must not be interrupted for a while is shielded; the interruption follows then.
 * Thread-safe.
 */
final class Fence {

  /** One visit. Guarded by the fence. */
  static final class Visit {
    private final Runnable interruption;
    private boolean over;
    private volatile boolean stopped;

    /**
     * @param interruption interrupts what is inside, without waiting for it, and then calls {@link
     *     Fence#interrupted}
     */
    Visit(Runnable interruption) {
      this.interruption = interruption;
    }

    /** Whether it was asked to stop, before it was over. */
    boolean isStopped() {
      return stopped;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition quiet = lock.newCondition();
  private @Nullable Visit inside;
  private boolean interrupting;
  private int shields;

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
      shields = 0;
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

  /** Marks a visit as stopped, unless it is over, and has it interrupted if it is inside. */
  void stop(Visit visit) {
    lock.lock();
    try {
      if (visit.over || visit.stopped) {
        return;
      }
      visit.stopped = true;
      interruptInside();
    } finally {
      lock.unlock();
    }
  }

  /**
   * From now on what is inside is not interrupted.
   *
   * @return false when it is stopped already and must not begin what it wants to shield
   */
  boolean shield() {
    lock.lock();
    try {
      if (shields == 0 && inside != null && inside.stopped) {
        return false;
      }
      shields++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the innermost shield; after the outermost one an interruption follows that was held up.
   */
  void unshield() {
    lock.lock();
    try {
      shields = Math.max(0, shields - 1);
      interruptInside();
    } finally {
      lock.unlock();
    }
  }

  /** Lock held. */
  private void interruptInside() {
    Visit visit = inside;
    if (visit != null && visit.stopped && shields == 0 && !interrupting) {
      interrupting = true;
      try {
        visit.interruption.run();
      } catch (RuntimeException | Error e) { // such as no thread being left
        interrupting = false;
        System.getLogger("terrarium.context")
            .log(Level.WARNING, "What was to be stopped goes on until it ends by itself", e);
      }
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
