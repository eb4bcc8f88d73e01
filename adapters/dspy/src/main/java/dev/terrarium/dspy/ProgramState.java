package dev.terrarium.dspy;

import dev.terrarium.MessageFormat;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The compiled state of a program: demonstrations and instructions, in the form of DSPy's {@code
 * module.save}. DSPy loads the file that {@link #write} makes, and Terrarium a file of DSPy's.
 * Immutable.
 *
 * @param values what {@code module.dump_state()} returns, with {@code metadata}
 */
public record ProgramState(Map<String, @Nullable Object> values) {

  /** The version of DSPy whose states are taken. */
  private static final String DSPY = "3.4.1";

  private static final String METADATA = "metadata";
  private static final int MAX_BYTES = 256 << 20;

  public ProgramState {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /**
   * Reads a state.
   *
   * @throws ArgumentException when the file cannot be read, is no JSON, as one that was truncated,
   *     or was made by another version of DSPy
   */
  public static ProgramState read(Path file) {
    Map<String, @Nullable Object> values;
    try {
      values = MessageFormat.JSON.read(Files.readAllBytes(file), MAX_BYTES);
    } catch (IOException e) {
      throw new ArgumentException("state: the file " + file + " cannot be read: " + e, e);
    } catch (ConversionException e) {
      throw new ArgumentException(
          "state: the file " + file + " is no complete JSON object: " + e.getMessage(), e);
    }
    Object version =
        values.get(METADATA) instanceof Map<?, ?> metadata
                && metadata.get("dependency_versions") instanceof Map<?, ?> versions
            ? versions.get("dspy")
            : null;
    if (version != null && !version.equals(DSPY)) {
      throw new ArgumentException(
          "state: the file "
              + file
              + " was made by DSPy "
              + version
              + ", and this is DSPy "
              + DSPY
              + ". Optimize the program again, or load the file with DSPy "
              + DSPY
              + " and save it.");
    }
    return new ProgramState(values);
  }

  /**
   * Writes this state to a file, at once or not at all.
   *
   * @throws ArgumentException when the file cannot be written
   */
  public void write(Path file) {
    try {
      write(file, MessageFormat.JSON.write(values));
    } catch (IOException e) {
      throw new ArgumentException("state: the file " + file + " cannot be written: " + e, e);
    }
  }

  /** Writes a file under another name, and then renames it. */
  static void write(Path file, byte[] content) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path part = Files.createTempFile(folder, "." + file.getFileName(), ".part");
    try {
      Files.write(part, content);
      try {
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Returns the state without what is said of its making. */
  Map<String, @Nullable Object> plain() {
    Map<String, @Nullable Object> plain = new LinkedHashMap<>(values);
    plain.remove(METADATA);
    return plain;
  }

  /** Returns the same state with what is said of its making. */
  ProgramState withMetadata(Map<String, ?> metadata) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>(values);
    all.put(METADATA, metadata);
    return new ProgramState(all);
  }
}
