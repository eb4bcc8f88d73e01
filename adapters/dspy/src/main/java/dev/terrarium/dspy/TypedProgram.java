package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.Invocable;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.nio.file.Path;
import java.util.Map;

/**
 * A program of DSPy with records as its signature, as other programs can be made of. Any context
 * can run it. Thread-safe if the Java code that it calls is.
 *
 * @param <I> the record of the inputs
 * @param <O> the record of the outputs
 */
public abstract sealed class TypedProgram<I extends Record, O extends Record>
    extends Invocable<I, O>
    permits DspyProgram, ReActProgram, DspyModuleProgram, ActingProgram, RlmProgram {

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
  public final void save(Path file) {
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
  public final void load(Path file) {
    StateFile.load(adapter(), id(), file);
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
