package dev.terrarium.jmh.peer;

import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** Workers that serve one caller at a time. Thread-safe. */
final class Pool<W> {

  /** What a caller does with a worker. */
  @FunctionalInterface
  interface Use<W, T> {
    T with(W worker) throws Exception;
  }

  private final List<W> all;
  private final BlockingQueue<W> idle;

  Pool(List<W> workers) {
    all = List.copyOf(workers);
    idle = new ArrayBlockingQueue<>(all.size(), false, all);
  }

  <T> T use(Use<W, T> use) {
    try {
      W worker = idle.take();
      try {
        return use.with(worker);
      } finally {
        idle.put(worker);
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
