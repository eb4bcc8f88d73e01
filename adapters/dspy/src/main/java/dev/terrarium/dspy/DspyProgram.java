package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A DSPy program with records as its signature. Any context can run it. Thread-safe.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class DspyProgram<I extends Record, O extends Record> extends TypedProgram<I, O> {

  private final UntypedDspyProgram program;

  DspyProgram(Adapter adapter, String id, Class<I> inputs, Class<O> outputs) {
    super(adapter, id, inputs, outputs);
    this.program = new UntypedDspyProgram(adapter, ProgramRef.of(id));
  }

  @Override
  public DspyProgram<I, O> with(CallOptions options) {
    return new DspyProgram<>(adapter().with(options), id(), inputs(), outputs());
  }

  /**
   * Runs the program. With DSPy's chat adapter, the last text of the outputs may be a text that the
   * limit of tokens cut off; {@link Traced#finishReason()} tells such a text from a complete one.
   */
  @Override
  public O call(I input) {
    return super.call(input);
  }

  @Override
  protected Command<O> command(I input) {
    return program.traced(input, false).map(traced -> outputs(traced.outputs()));
  }

  /**
   * Runs the program, and returns with its outputs what DSPy sent to the model and what the run
   * cost.
   */
  public Traced<O> trace(I input) {
    return typed(adapter().call(program.traced(input, true)));
  }

  /**
   * Starts the program as {@link #trace} runs it, and returns without waiting, as {@link
   * #callAsync} does.
   */
  public CompletableFuture<Traced<O>> traceAsync(I input) {
    return adapter().callAsync(program.traced(input, true).map(this::typed));
  }

  private Traced<O> typed(Traced<?> untyped) {
    return untyped.with(outputs(untyped.outputs()));
  }

  /**
   * Returns a plan of the program's present state, with which Java runs the program without
   * entering Python. DSPy makes the plan, and shows on random values that the plan is exact.
   *
   * @throws dev.terrarium.error.ArgumentException when some part of the program cannot be frozen
   *     exactly, with the name of that part
   */
  public FrozenDspyProgram<I, O> freeze() {
    return new FrozenDspyProgram<>(adapter(), program.freeze(), outputs());
  }

  /**
   * Runs the program for one input after another in one visit to one context; see {@link
   * Adapter#batch}.
   *
   * @return one result for each input, in order
   */
  public List<CallResult<O>> batch(List<? extends I> inputs) {
    return adapter().batch(inputs.stream().map(this::command).toList());
  }

  /** Starts the program as {@link #batch} runs it; see {@link Adapter#batchAsync}. */
  public CompletableFuture<List<CallResult<O>>> batchAsync(List<? extends I> inputs) {
    return adapter().batchAsync(inputs.stream().map(this::command).toList());
  }

  /**
   * Returns a publisher that runs the program for each subscriber, and passes on the outputs while
   * the model writes: the pieces of those outputs that are texts, and at the end all outputs. The
   * pieces of a text join to the output. There may be no pieces at all. Of a module of one's own,
   * the pieces are what the one predictor writes that has the output; the module may return another
   * text, and then what it returns counts. {@link Adapter#stream} explains back-pressure and
   * cancelling; cancelling stops the model.
   */
  public Flow.Publisher<DspyChunk<O>> stream(I input) {
    return stream(input, Function::identity);
  }

  /**
   * Returns a publisher as {@link #stream(Record)} does, which also yields messages about what the
   * program does now ({@code dspy.streamify} with a {@code status_message_provider}).
   */
  public Flow.Publisher<DspyChunk<O>> stream(I input, StatusMessages messages) {
    Map<String, Object> arguments = program.arguments(input, true);
    arguments.put("status", messages.argument());
    return adapter().stream(chunks(arguments));
  }

  /**
   * Returns a publisher as {@link #stream(Record)} does, of what a conversion makes of each chunk;
   * each subscriber has a conversion of its own.
   */
  <T> Flow.Publisher<T> stream(I input, Supplier<Function<DspyChunk<O>, T>> conversion) {
    Command<DspyChunk<O>> chunks = chunks(program.arguments(input, true));
    return subscriber -> adapter().stream(chunks.map(conversion.get())).subscribe(subscriber);
  }

  private Command<DspyChunk<O>> chunks(Map<String, Object> arguments) {
    return Command.of("stream", arguments).map(piece -> ChunkReader.read(piece, this::outputs));
  }
}
