package dev.terrarium.transformers;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.spi.Shortcut;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What {@link Transformers} runs on an input. A call holds no context and runs no Python; it has
 * the turn, the admission, the deadline and the account of a call of its framework. Thread-safe.
 *
 * @param <I> the type of the input
 * @param <O> the type of the output
 */
public final class Pipeline<I, O> extends Invocable<I, O> {

  private final String function;
  private final String model;
  private final Function<I, Map<String, ?>> options;
  private final BiFunction<I, Object, O> reader;

  /**
   * Creates a pipeline.
   *
   * @param function the host function that does the work
   * @param options returns the function's options for an input
   * @param reader reads what the function returned for an input
   */
  Pipeline(
      Adapter adapter,
      String function,
      String model,
      Function<I, Map<String, ?>> options,
      BiFunction<I, Object, O> reader) {
    super(adapter);
    this.function = function;
    this.model = model;
    this.options = options;
    this.reader = reader;
  }

  @Override
  protected Command<O> command(I input) {
    Map<String, ?> given = options.apply(input);
    return Command.of(new Computed(function, model, given))
        .map(result -> reader.apply(input, Objects.requireNonNull(result)));
  }

  @Override
  public Pipeline<I, O> with(CallOptions callOptions) {
    return new Pipeline<>(adapter().with(callOptions), function, model, options, reader);
  }

  private record Computed(String function, String model, Map<String, ?> options)
      implements Shortcut {

    @Override
    public Outcome attempt(Host host) {
      return new Answered(host.call(function, model, options));
    }

    @Override
    public boolean isIdempotent() {
      return true;
    }
  }
}
