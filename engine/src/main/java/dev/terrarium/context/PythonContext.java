package dev.terrarium.context;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One isolated Python world. Thread-safe; whatever is asked of it runs on its carrier thread, in
 * the order in which it was asked.
 */
public interface PythonContext {

  /** What its carrier thread is called. */
  String name();

  /** What the Python code in it may reach. */
  AccessProfile profile();

  /** Whether the framework itself, and not only its bridge, is imported here. */
  boolean hasLoaded(String framework);

  /**
   * Makes the context able to run a command: attaches the framework's bridge, and imports the
   * framework when the command needs it. Not to be cut short: it goes on when nobody waits.
   */
  CompletableFuture<@Nullable Void> prepare(BridgeSource framework, String command);

  /**
   * Runs a command of a bridge that is attached.
   *
   * @param arguments by name, marshalled in the carrier
   * @return the marshalled result, or what went wrong
   */
  CompletableFuture<@Nullable Object> call(
      String framework, String command, Map<String, ?> arguments);

  /**
   * Gives the context up: one with native code drops its frameworks' objects and waits for its next
   * user, who starts afresh; one without is closed. The future ends when that is done, never with a
   * failure.
   */
  CompletableFuture<@Nullable Void> park();
}
