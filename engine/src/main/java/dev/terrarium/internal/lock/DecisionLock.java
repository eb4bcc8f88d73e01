package dev.terrarium.internal.lock;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock whose holder decides, and collects the effects of its decisions; the thread that decided
 * runs them, in their order, after it has released the lock. So no foreign code runs under the
 * lock. Effects that are collected while the lock is held more than once run after the outermost
 * release. Thread-safe.
 */
public final class DecisionLock extends ReentrantLock {

  private static final long serialVersionUID = 1;

  private final transient Logger logger;

  /** The effects collected so far. Guarded by this lock. */
  private final transient List<Runnable> effects = new ArrayList<>();

  /**
   * Creates a lock.
   *
   * @param logger logs what an effect fails with, which keeps no other effect from running
   */
  public DecisionLock(Logger logger) {
    this.logger = logger;
  }

  /** Collects an effect, to be run when the calling thread has released the lock. */
  public void afterUnlock(Runnable effect) {
    assert isHeldByCurrentThread();
    effects.add(effect);
  }

  /** Releases the lock, and runs what was collected under it. */
  @Override
  public void unlock() {
    if (getHoldCount() != 1 || effects.isEmpty()) {
      super.unlock();
      return;
    }
    List<Runnable> decided = List.copyOf(effects);
    effects.clear();
    super.unlock();
    decided.forEach(this::run);
  }

  /**
   * Waits for a condition of this lock, which the calling thread holds once. Effects that were
   * collected before run first, and without the lock; the method then returns at once, as after a
   * spurious wake-up, since the state may have changed meanwhile.
   *
   * @return the nanoseconds that are left of the given ones
   */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  public long awaitNanos(Condition condition, long nanos) throws InterruptedException {
    if (effects.isEmpty()) {
      return condition.awaitNanos(nanos);
    }
    long begin = System.nanoTime();
    unlock();
    lock();
    return nanos - (System.nanoTime() - begin);
  }

  private void run(Runnable effect) {
    try {
      effect.run();
    } catch (RuntimeException | Error e) {
      logger.log(Level.ERROR, "What was decided under a lock could not be done", e);
    }
  }
}
