package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.value.TypedReader;

/**
 * A DSPy program with records as its signature. Any context can run it. Thread-safe.
 *
 * @param <I> the inputs
 * @param <O> the outputs
 */
public final class DspyProgram<I extends Record, O extends Record> {

  private final UntypedDspyProgram program;
  private final Class<O> outputs;

  DspyProgram(Adapter adapter, String id, Class<O> outputs) {
    this.program = new UntypedDspyProgram(adapter, id);
    this.outputs = outputs;
  }

  /** The program's id, by which any framework-level call can name it. */
  public String id() {
    return program.id();
  }

  /**
   * Runs the program.
   *
   * @throws dev.terrarium.error.PythonException when DSPy cannot make the outputs of the model's
   *     answer
   * @throws dev.terrarium.error.ModelException when the model fails
   * @throws dev.terrarium.error.ConversionException when an output does not fit its component
   */
  public O call(I input) {
    return TypedReader.read(program.run(input, false).outputs(), outputs, "outputs");
  }

  /** Runs the program and returns beside its outputs what DSPy sent and what it cost. */
  public Traced<O> trace(I input) {
    Traced<?> traced = program.run(input, true);
    return traced.with(TypedReader.read(traced.outputs(), outputs, "outputs"));
  }
}
