package dev.terrarium.dspy;

import dev.terrarium.MessageFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The compiled state of a program: demonstrations and instructions, in the form of DSPy's {@code
 * module.save}. DSPy loads the file that {@link #save} writes. Immutable.
 *
 * @param values what {@code module.dump_state()} returns, with {@code metadata}
 */
public record ProgramState(Map<String, @Nullable Object> values) {

  private static final String METADATA = "metadata";

  public ProgramState {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /**
   * Writes this state to a file that {@link TypedProgram#load} reads.
   *
   * @param file its name ends with {@code .json}. A file that is there is replaced as a whole, or
   *     stays as it was when this method throws
   * @throws dev.terrarium.error.ArgumentException when the file is no place for a state
   * @throws UncheckedIOException when the file cannot be written
   */
  public void save(Path file) {
    StateFile.check(file);
    try {
      AtomicFile.write(file, MessageFormat.JSON.write(values));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write a state to " + file, e);
    }
  }

  /** Returns what {@code module.load_state()} takes. */
  Map<String, @Nullable Object> withoutMetadata() {
    Map<String, @Nullable Object> state = new LinkedHashMap<>(values);
    state.remove(METADATA);
    return state;
  }

  /** Returns the same state with what is said of its making. */
  ProgramState withMetadata(Map<String, ?> metadata) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>(values);
    all.put(METADATA, metadata);
    return new ProgramState(all);
  }
}
