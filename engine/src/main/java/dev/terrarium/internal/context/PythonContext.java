package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.HeapUse;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An isolated Python interpreter. Thread-safe; the context's carrier runs all work, in the order in
 * which it was requested.
 */
public interface PythonContext {

  /** Returns the name of the context and of its carrier thread. */
  String name();

  /** Returns the access that code in the context has. */
  AccessProfile profile();

  /**
   * Returns the packages that the context has for the rest of its life; null before the first
   * framework is attached.
   */
  default @Nullable PackageSet packageSet() {
    return null;
  }

  /**
   * Returns whether a command can run in the context's present state: its bridge is attached, and
   * the framework itself imported if the command needs it.
   *
   * @param command null for any command that needs the framework
   */
  boolean isReady(String framework, @Nullable String command);

  /** Returns whether the framework's bridge is attached, with or without the framework itself. */
  boolean isAttached(String framework);

  /** Returns the heap that a framework's load took; zero when the framework is not loaded here. */
  default HeapUse heapOf(String framework) {
    return HeapUse.NONE;
  }

  /**
   * Measures the heap that the context holds in all, in turn with its other work; the result is
   * empty where the runtime cannot measure.
   */
  Execution<OptionalLong> measure();

  /** Returns whether a command is known to run without its framework. */
  boolean needsNoLoad(String framework, String command);

  /** Returns whether a command is known to allow running it again after it failed. */
  boolean isIdempotent(String framework, String command);

  /**
   * Makes the context ready for a command: attaches the framework's bridge, and imports the
   * framework when the command needs it. A command that the bridge does not know needs no
   * preparation.
   *
   * @param command null for any command that needs the framework
   */
  Execution<@Nullable Void> prepare(BridgeSource framework, @Nullable String command);

  /**
   * Runs work with the commands of a bridge that is attached.
   *
   * @param around called with the work on the calling thread; the Runnable that it returns is run
   *     in place of the work, on the carrier
   * @return the work's result, or its failure
   */
  <T extends @Nullable Object> Execution<T> run(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around);

  /**
   * Runs work as {@link #run} does, but at once: the calling thread is the carrier, which is in a
   * call from Python.
   */
  <T extends @Nullable Object> Execution<T> runWithin(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around);

  /**
   * Drops the framework's objects; the framework's next command loads it again. Failures are
   * logged.
   */
  Execution<@Nullable Void> cleanUp(String framework);

  /** Checks what a call may have broken, and restores it. */
  Execution<HealthStatus> check();

  /**
   * Drops all frameworks and everything that their users left, and then restores the context as
   * {@link #check} does.
   */
  Execution<HealthStatus> reset();

  /**
   * Gives a sound context up: drops its frameworks' objects, so that its next user starts afresh.
   * The future is completed when that is done, never with a failure.
   */
  CompletableFuture<@Nullable Void> park();

  /** Retires a broken context. Returns at once; the context's memory is freed when that is safe. */
  void retire();
}
