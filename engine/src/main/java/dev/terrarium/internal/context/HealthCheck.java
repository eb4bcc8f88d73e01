package dev.terrarium.internal.context;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Value;

/**
 * The check of a context for what calls broke in it, and the restoring of that. Its methods are
 * called on the context's carrier, outside of the context, which they enter by themselves.
 */
final class HealthCheck {

  private static final Logger LOGGER = System.getLogger("terrarium.context");

  /** The time in which threads that a call left behind must stop. */
  private static final Duration STRAY_THREADS = Duration.ofSeconds(1);

  private static final int ATTEMPTS = 3;

  private final String name;
  private final Context context;
  private final Value embed;
  private final Fence fence;
  private final ContextEntry entry;
  private boolean stoppedStrays;

  /**
   * Creates the check of one context.
   *
   * @param name the context's name
   * @param embed the module {@code terrarium.bridge.embed} of the context
   * @param fence the fence that interrupts calls, and with them all threads of the context
   */
  HealthCheck(String name, Context context, Value embed, Fence fence, ContextEntry entry) {
    this.name = name;
    this.context = context;
    this.embed = embed;
    this.fence = fence;
    this.entry = entry;
  }

  /** Checks the context, and restores what calls changed. */
  HealthStatus check() throws Exception {
    List<String> wrong = entry.inside(() -> texts(embed.invokeMember("check"))).call();
    List<String> left = wrong.isEmpty() ? wrong : restore(wrong);
    if (!wrong.isEmpty()) {
      LOGGER.log(Level.DEBUG, "A call left " + name + " changed, which is restored: " + wrong);
    }
    if (!left.isEmpty()) {
      LOGGER.log(Level.WARNING, name + " could not be restored: " + left);
      return HealthStatus.BROKEN;
    }
    boolean threadsStopped = fence.takeInterrupted() || stoppedStrays;
    stoppedStrays = false;
    entry.run(() -> embed.invokeMember("settle", threadsStopped));
    return wrong.isEmpty() ? HealthStatus.SOUND : HealthStatus.RESTORED;
  }

  /**
   * Checks the context, restores it, and drops everything of its user; dropping needs sound
   * builtins.
   *
   * @param drop drops what the user has, inside the context
   */
  HealthStatus checkAndDrop(Runnable drop) throws Exception {
    HealthStatus status = check();
    if (status != HealthStatus.BROKEN) {
      entry.run(drop);
    }
    return status;
  }

  /**
   * Restores the context, and returns what is still wrong then. One attempt misses a thread that is
   * only just starting.
   */
  private List<String> restore(List<String> wrong) throws Exception {
    List<String> left = wrong;
    for (int attempt = 0; attempt < ATTEMPTS && !left.isEmpty(); attempt++) {
      if (left.stream().anyMatch(each -> each.startsWith("thread:"))) {
        stopThreads(); // the reset waits for their end
      }
      left = entry.inside(() -> texts(embed.invokeMember("reset"))).call();
    }
    return left;
  }

  /** Stops the threads that a call left, from outside. */
  private void stopThreads() {
    stoppedStrays = true;
    try {
      context.interrupt(STRAY_THREADS);
    } catch (TimeoutException e) {
      LOGGER.log(Level.DEBUG, "threads of " + name + " did not stop in " + STRAY_THREADS);
    }
  }

  private static List<String> texts(Value list) {
    List<String> texts = new ArrayList<>();
    for (long i = 0; i < list.getArraySize(); i++) {
      texts.add(list.getArrayElement(i).asString());
    }
    return texts;
  }
}
