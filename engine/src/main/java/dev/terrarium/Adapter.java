package dev.terrarium;

import dev.terrarium.spi.Shortcut;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One framework's commands, by name. Thread-safe. */
public interface Adapter {

  /** The framework's name. */
  String framework();

  /** The same commands with other options for each call. */
  Adapter with(CallOptions options);

  /**
   * Runs a command in any free context.
   *
   * @param arguments by name; see {@link dev.terrarium.internal.value.Marshaller} for what can cross
   * @return plain data: null, Boolean, Long, BigInteger, Double, String, byte[], arrays of numbers,
   *     List, Map, BigDecimal, UUID or a java.time value
   * @throws dev.terrarium.error.TerrariumException one of its kinds, which say what went wrong
   */
  @Nullable Object call(String command, Map<String, ?> arguments);

  /** As {@link #call(String, Map)}, with the result read as a type, such as a record. */
  <T> T call(String command, Map<String, ?> arguments, Class<T> type);

  /**
   * Does what Java can answer by itself, and else the command that it hands over to.
   *
   * @return the answer, or what the command returned
   */
  @Nullable Object call(Shortcut shortcut);

  /**
   * As {@link #call(String, Map)}, for callers that hold bytes.
   *
   * @param message a map of the arguments by name
   * @return the result in the same format
   * @throws dev.terrarium.error.ArgumentException when the message has more bytes than {@link
   *     TerrariumConfig#maxMessage()}
   * @throws dev.terrarium.error.ConversionException when the message is not of that format
   */
  byte[] call(String command, byte[] message, MessageFormat format);

  /**
   * As {@link #call(String, Map)}, without waiting. The Python code is stopped when the future that
   * is returned ends before it: by {@code cancel}, {@code orTimeout}, {@code complete} or however
   * else. How a future ends that is derived from it does not reach the code.
   */
  CompletableFuture<@Nullable Object> callAsync(String command, Map<String, ?> arguments);

  /**
   * As {@link #callAsync(String, Map)}, of what a function makes of the result; what that throws
   * fails the future.
   */
  <T extends @Nullable Object> CompletableFuture<T> callAsync(
      String command,
      Map<String, ?> arguments,
      Function<? super @Nullable Object, ? extends T> reading);

  /**
   * As {@link #call(Shortcut)}, without waiting, of what a function makes of the result; see {@link
   * #callAsync(String, Map, Function)}. A future that ends before its call interrupts the shortcut,
   * or stops the Python code that it handed over to.
   */
  <T extends @Nullable Object> CompletableFuture<T> callAsync(
      Shortcut shortcut, Function<? super @Nullable Object, ? extends T> reading);

  /**
   * Runs commands one after another in one visit to one context, which loads the framework. A
   * deadline is that of the whole batch: what is done by then keeps its result, and the rest fails
   * with a {@link dev.terrarium.error.CallTimeoutException}; a session stays as it was then.
   *
   * @return one result for each command, in order
   * @throws dev.terrarium.error.ArgumentException when there are more commands than {@link
   *     TerrariumConfig#maxBatch()}
   * @throws dev.terrarium.error.TerrariumException when no context could be had
   */
  List<CallResult<@Nullable Object>> batch(List<Command> commands);

  /**
   * Runs commands at once, each as a call of its own, in as many contexts as there are. A deadline
   * is that of each call. Within a call they run one after another in the caller's context.
   *
   * @return one result for each command, in order
   * @throws dev.terrarium.error.CallInterruptedException when the calling thread is interrupted;
   *     the calls are stopped then
   */
  List<CallResult<@Nullable Object>> callAll(List<Command> commands);

  /**
   * As {@link #callAll}, of shortcuts; as many at once as there are contexts.
   *
   * @return one result for each shortcut, in order
   */
  List<CallResult<@Nullable Object>> callAllShortcuts(List<? extends Shortcut> shortcuts);

  /**
   * The pieces that a command yields, each as plain data. Each subscriber has a call of its own,
   * which begins when it first requests something and holds a context until it completes, is
   * cancelled, or fails; cancelling stops the Python code. At most {@link
   * TerrariumConfig#streamBuffer()} pieces wait for the subscriber, then the generator does; when
   * nothing is requested for {@link TerrariumConfig#streamIdleTimeout()} the stream fails with a
   * {@link dev.terrarium.error.StreamIdleException}. Subscribers are called on virtual threads.
   *
   * @param arguments by name
   */
  Flow.Publisher<Object> stream(String command, Map<String, ?> arguments);

  /**
   * As {@link #stream(String, Map)}, of what a function makes of the pieces. It runs where the
   * command does, and what it throws ends the command and fails the stream.
   */
  <T> Flow.Publisher<T> stream(
      String command, Map<String, ?> arguments, Function<Object, ? extends T> reading);
}
