package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.spi.TypedReader;

/**
 * A program that Java runs without entering Python. Java inserts the inputs into the text that
 * DSPy's own adapter prints, calls the language model, and reads the answer where it is of exactly
 * the declared types. In any other case, such as an answer that has to be repaired or asked for
 * again, DSPy goes on with the answer that the model gave. So the outputs and the failures are
 * those of the program itself. Thread-safe.
 *
 * <p>When the program, its state or DSPy's defaults change, the frozen program is thawed: calls run
 * the program in Python, in its new state.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public final class FrozenDspyProgram<I extends Record, O extends Record> extends Invocable<I, O> {

  private final UntypedFrozenDspyProgram program;
  private final Class<O> outputs;

  FrozenDspyProgram(Adapter adapter, UntypedFrozenDspyProgram program, Class<O> outputs) {
    super(adapter);
    this.program = program;
    this.outputs = outputs;
  }

  /** Returns the program's id. */
  public String id() {
    return program.id();
  }

  /** Returns the same program with these options; both programs count in the same figures. */
  @Override
  public FrozenDspyProgram<I, O> with(CallOptions options) {
    return new FrozenDspyProgram<>(adapter().with(options), program.with(options), outputs);
  }

  @Override
  protected Command<O> command(I input) {
    return program.run(input).map(plain -> TypedReader.read(plain, outputs, "outputs"));
  }

  /**
   * Returns whether the program is still frozen, and was not thawed by a change; after a change,
   * freeze the program again.
   */
  public boolean isFrozen() {
    return program.isFrozen();
  }

  /** Returns the number of attempts so far, by what answered them. */
  public FrozenStats stats() {
    return program.stats();
  }
}
