package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.Invocable;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.Map;

/**
 * A program of DSPy with records as its signature, as other programs can be made of. Any context
 * can run it. Thread-safe if the Java code that it calls is.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public abstract sealed class TypedProgram<I extends Record, O extends Record>
    extends Invocable<I, O> permits DspyProgram, ReActProgram, DspyModuleProgram, RewardedProgram {

  private final String id;
  private final Class<I> inputs;
  private final Class<O> outputs;

  TypedProgram(Adapter adapter, String id, Class<I> inputs, Class<O> outputs) {
    super(adapter);
    this.id = id;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** Returns the program's id, by which any framework-level call can name it. */
  public final String id() {
    return id;
  }

  final Class<I> inputs() {
    return inputs;
  }

  final Class<O> outputs() {
    return outputs;
  }

  /** Reads outputs by name. */
  final O outputs(Object byName) {
    return TypedReader.read(byName, outputs, "outputs");
  }

  /** Returns the Java functions by name that Python calls while it runs the program. */
  Map<String, HostFunction> functions() {
    return Map.of();
  }
}
