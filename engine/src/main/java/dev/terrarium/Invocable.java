package dev.terrarium;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What a framework runs on an input, such as a program or a chain, with all ways to call it. Any
 * context can run it. Thread-safe.
 *
 * @param <I> the input
 * @param <O> the output
 */
public abstract class Invocable<I, O> {

  private final Adapter adapter;

  /**
   * @param adapter by which the calls are made, with the options of each
   */
  protected Invocable(Adapter adapter) {
    this.adapter = adapter;
  }

  /** Returns the command that runs this on an input, and how its output is read. */
  protected abstract Command<O> command(I input);

  /** Returns the same with these options for each call, such as a deadline. */
  public abstract Invocable<I, O> with(CallOptions options);

  /** Returns the adapter by which the calls are made. */
  protected final Adapter adapter() {
    return adapter;
  }

  /**
   * Runs this on an input.
   *
   * @throws dev.terrarium.error.ModelException when the model fails
   * @throws dev.terrarium.error.TruncatedAnswerException when the limit of tokens cut the answer
   *     off and the output cannot be made of what was written
   * @throws dev.terrarium.error.PythonException when the framework cannot make the output of the
   *     model's answer
   * @throws dev.terrarium.error.ConversionException when an output does not fit its type
   */
  public O call(I input) {
    return adapter.call(command(input));
  }

  /**
   * Runs this on an input without waiting. The Python code and the model are stopped when the
   * future that is returned, not one derived from it, ends before them, as by {@code cancel} or
   * {@code orTimeout}.
   */
  public CompletableFuture<O> callAsync(I input) {
    return adapter.callAsync(command(input));
  }

  /**
   * Runs this on all inputs, each as a call of its own, and as many at a time as there are
   * contexts; see {@link Adapter#callAll}.
   *
   * @return one result for each input, in order
   */
  public List<CallResult<O>> callAll(List<? extends I> inputs) {
    return adapter.callAll(inputs.stream().map(this::command).toList());
  }
}
