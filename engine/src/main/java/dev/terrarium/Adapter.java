package dev.terrarium;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
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
   * @param arguments by name; see {@link dev.terrarium.value.Marshaller} for what can cross
   * @return plain data: null, Boolean, Long, BigInteger, Double, String, byte[], List, Map,
   *     BigDecimal or a java.time value
   * @throws dev.terrarium.error.TerrariumException one of its kinds, which say what went wrong
   */
  @Nullable Object call(String command, Map<String, ?> arguments);

  /** As {@link #call(String, Map)}, with the result read as a type, such as a record. */
  <T> T call(String command, Map<String, ?> arguments, Class<T> type);

  /**
   * As {@link #call(String, Map)}, without waiting. {@code cancel(true)} on the future that is
   * returned, not on one derived from it, stops the Python code.
   */
  CompletableFuture<@Nullable Object> callAsync(String command, Map<String, ?> arguments);
}
