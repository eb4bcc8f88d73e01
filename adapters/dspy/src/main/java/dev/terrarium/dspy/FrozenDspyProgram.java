package dev.terrarium.dspy;

import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A program that Java runs without entering Python: it inserts the inputs into what DSPy's own
 * adapter prints, asks the language model, and reads the answer where it is of exactly the declared
 * types. What takes more, such as an answer that has to be repaired or asked for again, goes on in
 * DSPy with the answer that is there. So the outputs and the failures are those of the program
 * itself. Thread-safe.
 *
 * <p>When the program, its state or DSPy's defaults change, it is thawed: calls run the program as
 * it is then, in Python.
 *
 * @param <I> the inputs
 * @param <O> the outputs
 */
public final class FrozenDspyProgram<I extends Record, O extends Record> {

  private final UntypedFrozenDspyProgram program;
  private final Class<O> outputs;

  FrozenDspyProgram(UntypedFrozenDspyProgram program, Class<O> outputs) {
    this.program = program;
    this.outputs = outputs;
  }

  /** The program's id. */
  public String id() {
    return program.id();
  }

  /** The same program with these options for each call; its figures are counted together. */
  public FrozenDspyProgram<I, O> with(CallOptions options) {
    return new FrozenDspyProgram<>(program.with(options), outputs);
  }

  /**
   * Runs the program.
   *
   * @throws dev.terrarium.error.ModelException when the model fails
   * @throws dev.terrarium.error.TruncatedAnswerException when the limit of tokens cut the answer
   *     off and the outputs cannot be made of what was written
   * @throws dev.terrarium.error.PythonException when DSPy cannot make the outputs of its answer
   * @throws dev.terrarium.error.ConversionException when an output does not fit its component
   */
  public O call(I input) {
    return outputs(program.run(input));
  }

  private O outputs(Map<String, @Nullable Object> plain) {
    return TypedReader.read(plain, outputs, "outputs");
  }

  /**
   * As {@link #call}, without waiting. The model, or the Python code, is stopped when the future
   * that is returned, not one derived from it, ends before it, as by {@code cancel} or {@code
   * orTimeout}.
   */
  public CompletableFuture<O> callAsync(I input) {
    return program.runAsync(input, this::outputs);
  }

  /**
   * Runs the program for all inputs at once, each as a call of its own, and as many at a time as
   * there are contexts; a deadline is that of each call.
   *
   * @return one result for each input, in order
   */
  public List<CallResult<O>> callAll(List<I> inputs) {
    return program.runAll(inputs, this::outputs);
  }

  /** Whether it is frozen still, and not thawed by a change; freeze the program again then. */
  public boolean isFrozen() {
    return program.isFrozen();
  }

  /** Who answered the calls so far. */
  public FrozenStats stats() {
    return program.stats();
  }
}
