package dev.terrarium.spi;

import java.util.Map;

/**
 * A set of Java functions that Python code calls by name, such as the Java half of a Python
 * package. Implementations are found by {@link java.util.ServiceLoader}; Python calls the functions
 * through {@code terrarium.bridge.host}. Must be thread-safe.
 */
public interface HostFunctions {

  /** Returns the functions by the name that Python uses, such as {@code orjson.loads}. */
  Map<String, HostFunction> functions();
}
