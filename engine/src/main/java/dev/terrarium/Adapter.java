package dev.terrarium;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** The commands of one framework. Thread-safe. */
public interface Adapter {

  /** Returns the framework's name. */
  String framework();

  /** Returns the number of contexts, which is how many commands can run at once. */
  int contexts();

  /** Returns an adapter of the same framework that makes each call with these options. */
  Adapter with(CallOptions options);

  /**
   * Runs a command in any free context, as {@link #call(Command)} does with {@link
   * Command#of(String, Map)}.
   *
   * @return plain data: null, Boolean, Long, BigInteger, Double, String, byte[], arrays of numbers,
   *     List, Map, BigDecimal, UUID or a java.time value
   */
  @Nullable Object call(String command, Map<String, ?> arguments);

  /**
   * Runs a command in any free context or, if the command is a shortcut, runs the shortcut.
   *
   * @throws dev.terrarium.error.TerrariumException in the subclass that says what went wrong
   */
  <R extends @Nullable Object> R call(Command<R> command);

  /**
   * Starts a command as {@link #call(Command)} runs it, and returns without waiting for the result.
   * When the returned future is completed before the Python code or the shortcut has ended ({@code
   * cancel}, {@code orTimeout}, {@code complete} or any other way), that code is stopped.
   * Completing a future that is derived from the returned future does not stop the code.
   */
  <R extends @Nullable Object> CompletableFuture<R> callAsync(Command<R> command);

  /**
   * Runs commands one after another in one visit to one context, which loads the framework. A
   * deadline applies to the whole batch: commands that were done by the deadline keep their
   * results, and the others fail with a {@link dev.terrarium.error.CallTimeoutException}; the
   * session, if the options name one, stays as it was before the batch.
   *
   * @return one result for each command, in order
   * @throws dev.terrarium.error.ArgumentException when there are more commands than {@link
   *     TerrariumConfig#maxBatch()}, or when a command is a shortcut
   * @throws dev.terrarium.error.TerrariumException when no context could be acquired
   */
  <R extends @Nullable Object> List<CallResult<R>> batch(List<? extends Command<R>> commands);

  /**
   * Starts commands as {@link #batch} runs them, and returns without waiting for the results. When
   * the returned future is completed before the batch has ended, the batch is stopped, as {@link
   * #callAsync} says.
   *
   * @throws dev.terrarium.error.ArgumentException as {@link #batch} does, at once
   */
  <R extends @Nullable Object> CompletableFuture<List<CallResult<R>>> batchAsync(
      List<? extends Command<R>> commands);

  /**
   * Runs commands concurrently, each as a call of its own, and at most as many at a time as there
   * are contexts. A deadline applies to each call. Within a call, the commands run one after
   * another in the caller's context.
   *
   * @return one result for each command, in order
   * @throws dev.terrarium.error.CallInterruptedException when the calling thread is interrupted;
   *     the calls are stopped then
   */
  <R extends @Nullable Object> List<CallResult<R>> callAll(List<? extends Command<R>> commands);

  /**
   * Returns a publisher of the pieces that a command yields. Each subscriber has a call of its own.
   * The call begins when its subscriber first requests a piece, and holds a context until the
   * stream completes, is cancelled, or fails; cancelling the subscription stops the Python code.
   * The buffer holds at most {@link TerrariumConfig#streamBuffer()} pieces for the subscriber;
   * while the buffer is full, the generator waits. When the subscriber requests nothing for {@link
   * TerrariumConfig#streamIdleTimeout()}, the stream fails with a {@link
   * dev.terrarium.error.StreamIdleException}. Subscribers are called on virtual threads.
   *
   * @throws dev.terrarium.error.ArgumentException when the command is a shortcut
   */
  <R> Flow.Publisher<R> stream(Command<R> command);
}
