package dev.terrarium.internal.pool;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/** Runs work at once, or on the thread of the test when that says so. For one thread. */
final class ManualExecutor implements Executor {

  private final Deque<Runnable> queue = new ArrayDeque<>();
  private boolean held;

  /** Keeps what comes from now on until it is told to run it. */
  void hold() {
    held = true;
  }

  int size() {
    return queue.size();
  }

  /** Runs the oldest piece of work that was kept. */
  void runNext() {
    queue.remove().run();
  }

  void runAll() {
    while (!queue.isEmpty()) {
      runNext();
    }
  }

  @Override
  public void execute(Runnable work) {
    if (held) {
      queue.add(work);
    } else {
      work.run();
    }
  }
}
