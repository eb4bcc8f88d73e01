package dev.terrarium;

/**
 * Carries what belongs to the calling thread, such as logging contexts, spans and scoped values,
 * over to the thread that runs the Python code and the Java functions that it calls. The context
 * class loader crosses by itself. Must be thread-safe.
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
   * Called on the calling thread with the work of one call.
   *
   * @return what the other thread runs: the work, exactly once, between setting things up and
   *     taking them down
   */
  Runnable wrap(Runnable call);

  /** Carries nothing. */
  static ContextPropagation none() {
    return call -> call;
  }

  /** This one around another. */
  default ContextPropagation and(ContextPropagation inner) {
    return call -> wrap(inner.wrap(call));
  }
}
