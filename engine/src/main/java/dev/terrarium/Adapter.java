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

  /** Returns the same commands with these options for each call. */
  Adapter with(CallOptions options);

  /**
   * Runs a command in any free context; as {@link #call(Command)} of {@link Command#of(String,
   * Map)}.
   *
   * @return plain data: null, Boolean, Long, BigInteger, Double, String, byte[], arrays of numbers,
   *     List, Map, BigDecimal, UUID or a java.time value
   */
  @Nullable Object call(String command, Map<String, ?> arguments);

  /**
   * Runs a command in any free context, or the shortcut that it is.
   *
   * @throws dev.terrarium.error.TerrariumException one of its kinds, which say what went wrong
   */
  <R extends @Nullable Object> R call(Command<R> command);

  /**
   * Runs a command as {@link #call(Command)} does, without waiting. The Python code, or the
   * shortcut, is stopped when the future that is returned ends before it: by {@code cancel}, {@code
   * orTimeout}, {@code complete} or however else. How a future ends that is derived from it does
   * not reach the code.
   */
  <R extends @Nullable Object> CompletableFuture<R> callAsync(Command<R> command);

  /**
   * Runs commands one after another in one visit to one context, which loads the framework. A
   * deadline is that of the whole batch: what is done by then keeps its result, and the rest fails
   * with a {@link dev.terrarium.error.CallTimeoutException}; a session stays as it was then.
   *
   * @return one result for each command, in order
   * @throws dev.terrarium.error.ArgumentException when there are more commands than {@link
   *     TerrariumConfig#maxBatch()}, or one is a shortcut
   * @throws dev.terrarium.error.TerrariumException when no context could be acquired
   */
  <R extends @Nullable Object> List<CallResult<R>> batch(List<? extends Command<R>> commands);

  /**
   * Runs commands at once, each as a call of its own, and as many at a time as there are contexts.
   * A deadline is that of each call. Within a call they run one after another in the caller's
   * context.
   *
   * @return one result for each command, in order
   * @throws dev.terrarium.error.CallInterruptedException when the calling thread is interrupted;
   *     the calls are stopped then
   */
  <R extends @Nullable Object> List<CallResult<R>> callAll(List<? extends Command<R>> commands);

  /**
   * Returns the pieces that a command yields. Each subscriber has a call of its own, which begins
   * when it first requests something and holds a context until it completes, is cancelled, or
   * fails; cancelling stops the Python code. At most {@link TerrariumConfig#streamBuffer()} pieces
   * wait for the subscriber, then the generator does; when nothing is requested for {@link
   * TerrariumConfig#streamIdleTimeout()} the stream fails with a {@link
   * dev.terrarium.error.StreamIdleException}. Subscribers are called on virtual threads.
   *
   * @throws dev.terrarium.error.ArgumentException when the command is a shortcut
   */
  <R> Flow.Publisher<R> stream(Command<R> command);
}
