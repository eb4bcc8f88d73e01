package dev.terrarium;

/**
 * A hook that carries values of the calling thread, such as logging contexts, spans and scoped
 * values, to the thread that runs the Python code and the Java functions that the Python code
 * calls. The context class loader is carried without a hook. Implementations must be thread-safe.
 *
 * <pre>{@code
 * ContextPropagation user =
 *     call -> {
 *       User now = USER.get();                                  // on the calling thread
 *       return () -> ScopedValue.where(USER, now).run(call);    // around the call
 *     };
 * }</pre>
 */
@FunctionalInterface
public interface ContextPropagation {

  /**
   * Wraps the work of one call; called on the calling thread.
   *
   * @return the work that the other thread runs: {@code call} exactly once, after the values were
   *     set up and before they are removed
   */
  Runnable wrap(Runnable call);

  /** Returns a hook that carries nothing. */
  static ContextPropagation none() {
    return call -> call;
  }

  /** Returns a hook that wraps the work by {@code inner}, and the result by this hook. */
  default ContextPropagation and(ContextPropagation inner) {
    return call -> wrap(inner.wrap(call));
  }
}
