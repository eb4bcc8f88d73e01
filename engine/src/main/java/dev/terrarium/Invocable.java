package dev.terrarium;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A program, chain or other object that a framework runs on an input, with all ways to call it. Any
 * context can run it. Thread-safe.
 *
 * @param <I> the type of the input
 * @param <O> the type of the output
 */
public abstract class Invocable<I, O> {

  private final Adapter adapter;

  /**
   * Creates an invocable whose calls are made by an adapter.
   *
   * @param adapter the adapter, with the options of each call
   */
  protected Invocable(Adapter adapter) {
    this.adapter = adapter;
  }

  /** Returns the command that runs this invocable on an input and reads its output. */
  protected abstract Command<O> command(I input);

  /** Returns the same invocable with these options for each call, such as a deadline. */
  public abstract Invocable<I, O> with(CallOptions options);

  /** Returns the adapter that makes the calls. */
  protected final Adapter adapter() {
    return adapter;
  }

  /**
   * Runs this invocable on an input.
   *
   * @throws NullPointerException when the input is null
   * @throws dev.terrarium.error.ModelException when the model fails
   * @throws dev.terrarium.error.TruncatedAnswerException when the limit of tokens cut the answer
   *     off and the output cannot be made of the part that was written
   * @throws dev.terrarium.error.PythonException when the framework cannot make the output of the
   *     model's answer
   * @throws dev.terrarium.error.ConversionException when an output does not fit its type
   */
  public O call(I input) {
    return adapter.call(command(Objects.requireNonNull(input, "input")));
  }

  /**
   * Starts this invocable on an input, and returns without waiting for the output. The Python code
   * and the model are stopped when the returned future is completed before they have ended, as by
   * {@code cancel} or {@code orTimeout}. Completing a future that is derived from the returned
   * future does not stop them.
   */
  public CompletableFuture<O> callAsync(I input) {
    return adapter.callAsync(command(Objects.requireNonNull(input, "input")));
  }

  /**
   * Runs this invocable on all inputs, each as a call of its own, and at most as many at a time as
   * there are contexts; see {@link Adapter#callAll}.
   *
   * @return one result for each input, in order
   */
  public List<CallResult<O>> callAll(List<? extends I> inputs) {
    return adapter.callAll(inputs.stream().map(this::command).toList());
  }
}
