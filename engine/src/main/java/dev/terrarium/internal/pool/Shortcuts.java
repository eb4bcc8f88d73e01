package dev.terrarium.internal.pool;

import dev.terrarium.error.CallInterruptedException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The work under way that needs no context, for closing to wait for and to stop. Thread-safe. */
final class Shortcuts {

  /** A shortcut on its caller's thread; an interruption hits the shortcut or nothing. */
  private static final class RunningShortcut {

    final Thread thread = Thread.currentThread();
    final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
    private boolean ended;
    private boolean stopped;

    synchronized void stop() {
      if (!ended) {
        stopped = true;
        thread.interrupt();
      }
    }

    /** On its thread, which is not interrupted any more if this was. */
    synchronized boolean wasStopped() {
      ended = true;
      if (stopped) {
        Thread.interrupted();
      }
      return stopped;
    }
  }

  private final Set<RunningShortcut> underWay = ConcurrentHashMap.newKeySet();

  /**
   * Does work on this thread.
   *
   * @throws CallInterruptedException when it was stopped and therefore failed
   */
  <T> T run(Supplier<T> work) {
    RunningShortcut shortcut = new RunningShortcut();
    underWay.add(shortcut);
    try {
      return work.get();
    } catch (RuntimeException e) {
      throw shortcut.wasStopped()
          ? new CallInterruptedException(
              "A shortcut was stopped because its Terrarium was closed.", e)
          : e;
    } finally {
      boolean unused = shortcut.wasStopped();
      underWay.remove(shortcut);
      shortcut.over.complete(null);
    }
  }

  /** Whether the calling thread does such work. */
  boolean isWithin() {
    return underWay.stream().anyMatch(shortcut -> shortcut.thread == Thread.currentThread());
  }

  /** Done when all that is under way now has ended. */
  CompletableFuture<@Nullable Void> over() {
    return CompletableFuture.allOf(
        underWay.stream().map(shortcut -> shortcut.over).toArray(CompletableFuture[]::new));
  }

  void stop() {
    underWay.forEach(RunningShortcut::stop);
  }
}
