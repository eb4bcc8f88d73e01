package dev.terrarium.spi;

import java.util.Map;

/**
 * Java functions for Python code, by name, such as the Java half of a Python package. Found by
 * {@link java.util.ServiceLoader}; Python calls them through {@code terrarium.bridge.host}. Must be
 * thread-safe.
 */
public interface HostFunctions {

  /** The functions by the name that Python uses, such as {@code orjson.loads}. */
  Map<String, HostFunction> functions();
}
