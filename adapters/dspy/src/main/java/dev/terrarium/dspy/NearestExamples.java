package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A search for the examples whose inputs are nearest to an input ({@code dspy.KNN}), by an
 * embedding model of the host. Needs numpy, the artifact {@code terrarium-python-numpy}.
 * Thread-safe.
 *
 * @param <I> the record of the inputs
 * @param <T> the type of the examples
 */
public final class NearestExamples<I extends Record, T> extends Invocable<I, List<T>> {

  private final List<T> examples;
  private final List<I> inputs;
  private final int count;
  private final Optional<String> model;

  NearestExamples(
      Adapter adapter, List<T> examples, Function<? super T, ? extends I> inputs, int count) {
    this(
        adapter,
        List.copyOf(examples),
        examples.stream().<I>map(inputs).toList(),
        count,
        Optional.empty());
  }

  private NearestExamples(
      Adapter adapter, List<T> examples, List<I> inputs, int count, Optional<String> model) {
    super(adapter);
    this.examples = examples;
    this.inputs = inputs;
    this.count = count;
    this.model = model;
  }

  @Override
  public NearestExamples<I, T> with(CallOptions options) {
    return new NearestExamples<>(adapter().with(options), examples, inputs, count, model);
  }

  /** Returns the same search by another embedding model than the default one. */
  public NearestExamples<I, T> withModel(String embeddingModel) {
    return new NearestExamples<>(adapter(), examples, inputs, count, Optional.of(embeddingModel));
  }

  /**
   * Returns the examples that are nearest to an input, the nearest first.
   *
   * @throws dev.terrarium.error.ArgumentException when there are fewer examples than asked for
   * @throws dev.terrarium.error.PythonException when numpy is not there, with the dependency
   */
  @Override
  public List<T> call(I input) {
    return super.call(input);
  }

  @Override
  protected Command<List<T>> command(I input) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("examples", inputs);
    arguments.put("inputs", input);
    arguments.put("k", count);
    arguments.put("model", model);
    return Command.of("nearest", arguments)
        .as(int[].class)
        .map(indices -> Arrays.stream(indices).mapToObj(examples::get).toList());
  }
}
