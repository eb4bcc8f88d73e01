package dev.terrarium.internal.context;

import dev.terrarium.error.PythonException;
import java.util.List;
import java.util.concurrent.Callable;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.jspecify.annotations.Nullable;

/**
 * The one way by which work gets into a context: on the context's carrier, behind its fence, and
 * with the context entered. Thread-safe, except for methods that are called on the carrier only.
 */
final class ContextEntry {

  private final String name;
  private final Carrier carrier;
  private final Context context;
  private final Fence fence;
  private final PythonErrors errors;

  /**
   * Creates the entry of one context.
   *
   * @param name the context's name
   */
  ContextEntry(String name, Carrier carrier, Context context, Fence fence, PythonErrors errors) {
    this.name = name;
    this.carrier = carrier;
    this.context = context;
    this.fence = fence;
    this.errors = errors;
  }

  /** Submits work that runs inside the context. */
  <T extends @Nullable Object> Execution<T> submit(Callable<T> body) {
    return execute(work(inside(body)));
  }

  /** Returns work behind the fence, whose body enters the context by itself. */
  <T extends @Nullable Object> CarrierWork<T> work(Callable<T> body) {
    return new CarrierWork<>(name, context, fence, body);
  }

  /** Has the carrier run the work. */
  <T extends @Nullable Object> Execution<T> execute(CarrierWork<T> work) {
    carrier.execute(work);
    return work;
  }

  /** Runs the action inside the context; called on the carrier. */
  void run(Runnable action) throws Exception {
    inside(
            () -> {
              action.run();
              return name;
            })
        .call();
  }

  /**
   * Returns the body as work inside the context, so that an interruption finds the body wherever it
   * is, and with Python's exceptions translated while the context is available.
   */
  <T extends @Nullable Object> Callable<T> inside(Callable<T> body) {
    return () -> {
      context.enter();
      try {
        fence.checkStopped(); // after entering: an interruption finds the body from here on
        return body.call();
      } catch (PolyglotException e) {
        throw errors.translate(e);
      } catch (StackOverflowError e) {
        throw stackOverflow(e);
      } finally {
        context.leave();
      }
    };
  }

  /** Returns the exception for an overflow of the carrier's stack. */
  static PythonException stackOverflow(StackOverflowError e) {
    return new PythonException(
        "RecursionError",
        "the carrier's stack of " + Carrier.STACK_BYTES + " bytes overflowed",
        List.of(),
        e);
  }
}
