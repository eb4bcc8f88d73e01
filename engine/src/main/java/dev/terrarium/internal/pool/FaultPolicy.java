package dev.terrarium.internal.pool;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.UnknownCommandException;
import org.jspecify.annotations.Nullable;

/** What becomes of a context after a call, by how the call ended. The table of docs/CONCURRENCY. */
enum FaultPolicy {
  /** It is as good as before. */
  KEEP,
  /** It is looked through, and what is broken is put back, before anyone gets it. */
  CHECK,
  /** All its frameworks are dropped, then as {@link #CHECK}. */
  RESET,
  /** Nobody gets it again. */
  RETIRE;

  /**
   * The verdict on how a call ended.
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
