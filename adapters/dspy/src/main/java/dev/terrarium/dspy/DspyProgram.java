package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.spi.TypedReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A DSPy program with records as its signature. Any context can run it. Thread-safe.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class DspyProgram<I extends Record, O extends Record> extends Invocable<I, O> {

  private final UntypedDspyProgram program;
  private final Class<O> outputs;

  DspyProgram(Adapter adapter, String id, Class<O> outputs) {
    super(adapter);
    this.program = new UntypedDspyProgram(adapter, id);
    this.outputs = outputs;
  }

  /** Returns the program's id, by which any framework-level call can name it. */
  public String id() {
    return program.id();
  }

  @Override
  public DspyProgram<I, O> with(CallOptions options) {
    return new DspyProgram<>(adapter().with(options), id(), outputs);
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

  /** Reads outputs by name. */
  O outputs(Object untyped) {
    return TypedReader.read(untyped, outputs, "outputs");
  }

  /**
   * Runs the program, and returns with its outputs what DSPy sent to the model and what the run
   * cost.
   */
  public Traced<O> trace(I input) {
    return typed(adapter().call(program.traced(input, true)));
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
    return new FrozenDspyProgram<>(adapter(), program.freeze(), outputs);
  }

  /**
   * Writes the program's state, which is what an optimizer made of it: demonstrations, instructions
   * and descriptions of fields. {@code module.load("state.json")} of DSPy 3.4.1 in Python reads the
   * file, for a module of the same kind and signature, and then writes the same prompts.
   *
   * @param file its name ends with {@code .json}. A file that is there is replaced as a whole, or
   *     stays as it was when this method throws
   * @throws dev.terrarium.error.ArgumentException when the file is no place for a state, or a value
   *     of the state has no form in JSON, with its place
   * @throws java.io.UncheckedIOException when the file cannot be written
   */
  public void save(Path file) {
    StateFile.save(adapter(), id(), file);
  }

  /**
   * Reads a state that {@link #save} or {@code module.save("state.json")} of DSPy in Python wrote,
   * and gives it to the program, in all contexts and for all programs with the same {@link #id()}.
   * A state of another version of DSPy is read, with a warning in the log.
   *
   * @throws dev.terrarium.error.ArgumentException when the file does not hold a state of a program
   *     of this kind and signature, with the place of the fault; the program stays as it was
   * @throws java.io.UncheckedIOException when the file cannot be read
   */
  public void load(Path file) {
    StateFile.load(adapter(), id(), file);
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

  /**
   * Returns a publisher that runs the program for each subscriber, and passes on the outputs while
   * the model writes: the pieces of those outputs that are texts, and at the end all outputs. The
   * pieces of a text join to the output. There may be no pieces at all. {@link Adapter#stream}
   * explains back-pressure and cancelling; cancelling stops the model.
   */
  public Flow.Publisher<DspyChunk<O>> stream(I input) {
    return stream(input, Function::identity);
  }

  /**
   * Returns a publisher as {@link #stream(Record)} does, of what a conversion makes of each chunk;
   * each subscriber has a conversion of its own.
   */
  <T> Flow.Publisher<T> stream(I input, Supplier<Function<DspyChunk<O>, T>> conversion) {
    Command<DspyChunk<O>> chunks =
        Command.of("stream", program.arguments(input, true)).map(this::chunk);
    return subscriber -> adapter().stream(chunks.map(conversion.get())).subscribe(subscriber);
  }

  private DspyChunk<O> chunk(@Nullable Object piece) {
    return piece instanceof Map<?, ?> map
            && map.get("field") instanceof String field
            && map.get("text") instanceof String text
        ? new DspyChunk.Text<>(field, text)
        : new DspyChunk.Done<>(typed(UntypedDspyProgram.read(piece)));
  }
}
