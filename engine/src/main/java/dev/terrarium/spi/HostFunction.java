package dev.terrarium.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Java function that Python code may call. The function takes and returns plain data and must be
 * thread-safe, since all contexts call the same function. An exception that the function throws is
 * raised in Python; when Python does not catch it, the Java caller gets the original exception.
 */
@FunctionalInterface
public interface HostFunction {

  /**
   * Answers one call from Python.
   *
   * @param arguments the positional arguments, which are of the types: null, Boolean, Long, {@link
   *     java.math.BigInteger}, Double, String, byte[], arrays of numbers, List, Map, {@link
   *     java.math.BigDecimal}, UUID and the types of {@code java.time}
   * @return any value that Terrarium can marshal
   */
  @Nullable Object call(List<@Nullable Object> arguments);
}
