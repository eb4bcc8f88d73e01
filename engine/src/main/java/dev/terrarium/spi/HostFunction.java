package dev.terrarium.spi;

import dev.terrarium.internal.value.Marshaller;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Java function that Python code may call. It takes and returns plain data and must be
 * thread-safe: every context calls the same one. What it throws is raised in Python, and comes back
 * to the Java caller as it was when Python does not catch it.
 */
@FunctionalInterface
public interface HostFunction {

  /**
   * Answers one call from Python.
   *
   * @param arguments the positional arguments: null, Boolean, Long, {@link java.math.BigInteger},
   *     Double, String, byte[], arrays of numbers, List, Map, {@link java.math.BigDecimal}, UUID
   *     and the types of {@code java.time}, as {@link Marshaller} tells
   * @return any value that Terrarium can marshal
   */
  @Nullable Object call(List<@Nullable Object> arguments);
}
