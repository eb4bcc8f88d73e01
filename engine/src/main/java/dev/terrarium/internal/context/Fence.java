package dev.terrarium.internal.context;

import dev.terrarium.error.CallInterruptedException;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A guard which ensures that an interruption hits the work that it is meant for, and no later work:
 * only work that is inside the fence can be interrupted, and no work leaves while an interruption
 * is in progress. Work that must not be interrupted for a while is shielded; the interruption
 * follows afterwards. Thread-safe.
 */
final class Fence {

  /** One visit of the fence. Guarded by the fence. */
  static final class Visit {
    private final Runnable interruption;
    private boolean over;
    private volatile boolean stopped;

    /**
     * Creates a visit.
     *
     * @param interruption interrupts the work inside, without waiting for it, and then calls {@link
     *     Fence#interrupted}
     */
    Visit(Runnable interruption) {
      this.interruption = interruption;
    }

    /** Returns whether the visit was asked to stop before it was over. */
    boolean isStopped() {
      return stopped;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition quiet = lock.newCondition();
  private @Nullable Visit inside;
  private boolean interrupting;
  private boolean interruptedOne;
  private int shields;

  /**
   * Begins a visit, on the carrier, before the context is entered; the visit must then check
   * whether it is stopped.
   */
  void enter(Visit visit) {
    lock.lock();
    try {
      inside = visit;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends a visit, on the carrier, after the context was left, and clears the thread's interrupt
   * flag.
   */
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
    Thread.interrupted(); // cleared on purpose: the interruption was meant for the visit
  }

  /** Returns whether the visit is inside the fence. */
  boolean isInside(Visit visit) {
    lock.lock();
    try {
      return inside == visit;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the visit that is inside the fence, or null. */
  @Nullable Visit inside() {
    lock.lock();
    try {
      return inside;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Throws when the visit that is inside the fence was asked to stop.
   *
   * @throws CallInterruptedException when it was
   */
  void checkStopped() {
    Visit visit = inside();
    if (visit != null && visit.isStopped()) {
      throw stopped();
    }
  }

  /** Returns the exception with which work ends that is being stopped. */
  static CallInterruptedException stopped() {
    return new CallInterruptedException("The call was given up and is being stopped.");
  }

  /** Marks a visit as stopped, unless it is over, and interrupts it if it is inside. */
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
   * Shields the visit inside from interruption from now on.
   *
   * @return false when the visit is stopped already and must not begin the work that it wants to
   *     shield
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
   * Ends the innermost shield; after the outermost shield, an interruption follows that was held
   * up.
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

  /** Interrupts the visit inside. The lock must be held. */
  private void interruptInside() {
    Visit visit = inside;
    if (visit != null && visit.stopped && shields == 0 && !interrupting) {
      interrupting = true;
      try {
        visit.interruption.run();
      } catch (RuntimeException | Error e) { // such as when no thread can be created
        interrupting = false;
        System.getLogger("terrarium.context")
            .log(Level.WARNING, "What was to be stopped goes on until it ends by itself", e);
      }
    }
  }

  /** Returns whether there was an interruption since this method was last called. */
  boolean takeInterrupted() {
    lock.lock();
    try {
      boolean taken = interruptedOne;
      interruptedOne = false;
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Ends an interruption, after which its visit may leave. */
  void interrupted() {
    lock.lock();
    try {
      interrupting = false;
      interruptedOne = true;
      quiet.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
