package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A DSPy program with records as its signature. Any context can run it. Thread-safe.
 *
 * @param <I> the inputs
 * @param <O> the outputs
 */
public final class DspyProgram<I extends Record, O extends Record> {

  private final Adapter adapter;
  private final UntypedDspyProgram program;
  private final Class<O> outputs;

  DspyProgram(Adapter adapter, String id, Class<O> outputs) {
    this.adapter = adapter;
    this.program = new UntypedDspyProgram(adapter, id);
    this.outputs = outputs;
  }

  /** The program's id, by which any framework-level call can name it. */
  public String id() {
    return program.id();
  }

  /** The same program with these options for each call, such as a deadline. */
  public DspyProgram<I, O> with(CallOptions options) {
    return new DspyProgram<>(adapter.with(options), id(), outputs);
  }

  /**
   * Runs the program. With DSPy's chat adapter the last text of the outputs may be one that the
   * limit of tokens cut off; {@link Traced#finishReason()} says so.
   *
   * @throws dev.terrarium.error.TruncatedAnswerException when the limit of tokens cut the answer
   *     off and the outputs cannot be made of what was written
   * @throws dev.terrarium.error.PythonException when DSPy cannot make the outputs of the model's
   *     answer
   * @throws dev.terrarium.error.ModelException when the model fails
   * @throws dev.terrarium.error.ConversionException when an output does not fit its component
   */
  public O call(I input) {
    return traced(program.run(input, false)).outputs();
  }

  /**
   * A plan of the program as it is now, by which Java runs it without entering Python. DSPy makes
   * the plan, and shows on random values that it is exact.
   *
   * @throws dev.terrarium.error.ArgumentException with the name of what cannot be frozen exactly
   */
  public FrozenDspyProgram<I, O> freeze() {
    return new FrozenDspyProgram<>(program.freeze(), outputs);
  }

  /** Runs the program and returns beside its outputs what DSPy sent and what it cost. */
  public Traced<O> trace(I input) {
    return traced(program.run(input, true));
  }

  private Traced<O> traced(Traced<?> untyped) {
    return untyped.with(TypedReader.read(untyped.outputs(), outputs, "outputs"));
  }

  /**
   * As {@link #call}, without waiting. The Python code and the model are stopped when the future
   * that is returned, not one derived from it, ends before them, as by {@code cancel} or {@code
   * orTimeout}.
   */
  public CompletableFuture<O> callAsync(I input) {
    return adapter.callAsync(
        UntypedDspyProgram.CALL, program.arguments(input, false), this::outputs);
  }

  private O outputs(@Nullable Object result) {
    return traced(UntypedDspyProgram.traced(result)).outputs();
  }

  /**
   * Runs the program for all inputs at once, in as many contexts as there are; see {@link
   * Adapter#callAll}.
   *
   * @return one result for each input, in order
   */
  public List<CallResult<O>> callAll(List<I> inputs) {
    return results(adapter.callAll(commands(inputs)));
  }

  /**
   * Runs the program for one input after another in one visit to one context; see {@link
   * Adapter#batch}.
   *
   * @return one result for each input, in order
   */
  public List<CallResult<O>> batch(List<I> inputs) {
    return results(adapter.batch(commands(inputs)));
  }

  private List<Command> commands(List<I> inputs) {
    return inputs.stream()
        .map(input -> new Command(UntypedDspyProgram.CALL, program.arguments(input, false)))
        .toList();
  }

  private List<CallResult<O>> results(List<CallResult<@Nullable Object>> results) {
    return results.stream().map(result -> result.<O>map(this::outputs)).toList();
  }

  /**
   * Runs the program for each subscriber, and brings its outputs while the model writes: the pieces
   * of those that are texts, and at the end all outputs. The pieces of a text join to the output.
   * There may be no pieces at all. For back-pressure and cancelling see {@link Adapter#stream};
   * cancelling stops the model.
   */
  public Flow.Publisher<DspyChunk<O>> stream(I input) {
    return adapter.stream("stream", program.arguments(input, true), this::chunk);
  }

  private DspyChunk<O> chunk(Object piece) {
    return piece instanceof Map<?, ?> map
            && map.get("field") instanceof String field
            && map.get("text") instanceof String text
        ? new DspyChunk.Text<>(field, text)
        : new DspyChunk.Done<>(traced(UntypedDspyProgram.traced(piece)));
  }
}
