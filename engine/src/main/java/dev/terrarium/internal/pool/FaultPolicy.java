package dev.terrarium.internal.pool;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.UnknownCommandException;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a context after a call, by how the call ended: the table of {@code
 * docs/CONCURRENCY.md}.
 */
enum FaultPolicy {
  /** The context is used again as it is. */
  KEEP,
  /** The context is checked, and restored, before it is used again. */
  CHECK,
  /** The context drops all its frameworks, and is then checked as by {@link #CHECK}. */
  RESET,
  /** The context is given up for good. */
  RETIRE;

  /**
   * Returns the policy for a call that ended.
   *
   * @param failure what the call failed with, null for a result
   */
  static FaultPolicy of(@Nullable Throwable failure) {
    return switch (failure) {
      case null -> KEEP;
      case ArgumentException wrong -> KEEP;
      case ConversionException wrong -> KEEP;
      case UnknownCommandException wrong -> KEEP;
      case OutOfMemoryError error -> RESET;
      case PythonException raised when raised.type().equals("MemoryError") -> RESET;
      case PythonException raised when raised.type().equals(PythonException.INTERNAL) -> RETIRE;
      default -> CHECK;
    };
  }
}
