package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.HeapUse;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One isolated Python world. Thread-safe; whatever is asked of it runs on its carrier thread, in
 * the order in which it was asked.
 */
public interface PythonContext {

  /** What its carrier thread is called. */
  String name();

  /** What code in it may do. */
  AccessProfile profile();

  /**
   * Whether a command can run here as things are: its bridge is attached, and the framework itself
   * imported if the command needs it.
   *
   * @param command null for any command that needs the framework
   */
  boolean isReady(String framework, @Nullable String command);

  /** What a framework's load left on the heap; none when it is not loaded here. */
  default HeapUse heapOf(String framework) {
    return HeapUse.NONE;
  }

  /**
   * Measures what it holds on the heap in all, in turn with its other work; empty where the runtime
   * cannot.
   */
  Execution<OptionalLong> measure();

  /** Whether a command is known here to run without its framework. */
  boolean isQuick(String framework, String command);

  /** Whether a command is known here to say that it may be run again after it failed. */
  boolean isIdempotent(String framework, String command);

  /**
   * Makes the context ready for a command: attaches the framework's bridge, and imports the
   * framework when the command needs it. A command that the bridge does not know is none to get
   * ready for.
   *
   * @param command null for any command that needs the framework
   */
  Execution<@Nullable Void> prepare(BridgeSource framework, @Nullable String command);

  /**
   * Does work with the commands of a bridge that is attached.
   *
   * @param around given the work on the calling thread; what it returns is run in its place, in the
   *     carrier
   * @return what the work results in, or what went wrong
   */
  <T extends @Nullable Object> Execution<T> run(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around);

  /**
   * As {@link #run}, at once: the calling thread is the carrier, which is in a call from Python.
   */
  <T extends @Nullable Object> Execution<T> runWithin(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around);

  /** Drops the framework's objects; its next command loads it again. Failures are logged. */
  Execution<@Nullable Void> cleanUp(String framework);

  /** Looks for what a call may have broken, and puts it back. */
  Execution<HealthStatus> heal();

  /** Drops all frameworks and what their users left, then as {@link #heal}. */
  Execution<HealthStatus> reset();

  /**
   * Gives a sound context up: its frameworks' objects are dropped, and its next user starts afresh.
   * The future ends when that is done, never with a failure.
   */
  CompletableFuture<@Nullable Void> park();

  /** Gives a broken context up for good. Returns at once; its memory is freed when that is safe. */
  void retire();
}
