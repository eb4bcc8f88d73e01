package dev.terrarium.internal.context;

import java.util.OptionalLong;

/** A meter of the heap that contexts hold. Thread-safe. */
@FunctionalInterface
interface HeapMeter {

  /**
   * Returns the bytes of the context that the calling thread has entered; empty where the runtime
   * cannot measure them, or not in time. The meter walks all objects of the context, so it must not
   * be used where a caller waits.
   */
  OptionalLong bytes();

  /** Returns a meter that measures nothing. */
  static HeapMeter none() {
    return OptionalLong::empty;
  }
}
