package dev.terrarium.internal.context;

import java.util.OptionalLong;

/** Measures what contexts hold on the heap. Thread-safe. */
@FunctionalInterface
interface HeapMeter {

  /**
   * The bytes of the context that the calling thread has entered; empty where the runtime cannot
   * measure them, or not in time. Walks all objects of the context: not for where a caller waits.
   */
  OptionalLong bytes();

  /** Measures nothing. */
  static HeapMeter none() {
    return OptionalLong::empty;
  }
}
