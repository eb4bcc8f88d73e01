package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.spi.TypedReader;

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

  /** Returns the same program with these options; its figures are counted together. */
  @Override
  public FrozenDspyProgram<I, O> with(CallOptions options) {
    return new FrozenDspyProgram<>(adapter().with(options), program.with(options), outputs);
  }

  @Override
  protected Command<O> command(I input) {
    return program.run(input).map(plain -> TypedReader.read(plain, outputs, "outputs"));
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
