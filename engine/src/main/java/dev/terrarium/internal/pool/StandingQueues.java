package dev.terrarium.internal.pool;

import java.util.HashMap;
import java.util.Map;

/**
 * For how long the queue of borrowers of each framework has stood. Time in which somebody waits
 * counts up, and time in which nobody does counts down again, to zero: a few callers who call one
 * after another leave the queue empty for a moment with each answer, and still have waited all the
 * time, while a burst is soon forgotten. Guarded by the pool's lock.
 */
final class StandingQueues {

  private static final class Queue {
    int waiting;
    long stood;
    long at;

    Queue(long now) {
      at = now;
    }

    void go(long now) {
      stood = waiting > 0 ? stood + now - at : Math.max(0, stood - (now - at));
      at = now;
    }
  }

  private final Map<String, Queue> queues = new HashMap<>();

  /** One borrower more waits. */
  void join(String framework, long now) {
    queue(framework, now).waiting++;
  }

  /** One borrower less waits. */
  void leave(String framework, long now) {
    queue(framework, now).waiting--;
  }

  /** What was waited for so far is done, or under way. */
  void restart(String framework, long now) {
    queue(framework, now).stood = 0;
  }

  /** In nanoseconds. */
  long stood(String framework, long now) {
    return queue(framework, now).stood;
  }

  private Queue queue(String framework, long now) {
    Queue queue = queues.get(framework);
    if (queue == null) {
      queue = new Queue(now);
      queues.put(framework, queue);
    }
    queue.go(now);
    return queue;
  }
}
