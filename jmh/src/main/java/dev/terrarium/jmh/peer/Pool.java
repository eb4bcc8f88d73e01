package dev.terrarium.jmh.peer;

import java.util.List;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;

/**
 * Workers that serve one caller at a time, the one used last first. Thread-safe, and not fair:
 * whoever gives one back may take it again at once, which gets the most calls a second (decision
 * 020).
 */
final class Pool<W> {

  /** What a caller does with a worker. */
  @FunctionalInterface
  interface Use<W, T> {
    T with(W worker) throws Exception;
  }

  private final List<W> all;
  private final BlockingDeque<W> idle;

  Pool(List<W> workers) {
    all = List.copyOf(workers);
    idle = new LinkedBlockingDeque<>(all);
  }

  <T> T use(Use<W, T> use) {
    try {
      W worker = idle.takeFirst();
      try {
        return use.with(worker);
      } finally {
        idle.putFirst(worker);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a worker failed", e);
    }
  }

  List<W> all() {
    return all;
  }
}
