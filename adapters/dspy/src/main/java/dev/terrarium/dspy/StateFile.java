package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The file in which {@code module.save("state.json")} of DSPy writes a program's state, and from
 * which {@code module.load("state.json")} reads it.
 */
final class StateFile {

  private StateFile() {}

  /**
   * Writes a program's state. A file of that name is replaced by the complete new one, or stays as
   * it was.
   */
  static void save(Adapter adapter, String program, Path file) {
    check(file);
    Object written = adapter.call("export_program_state", Map.of("program", program));
    if (!(written instanceof Map<?, ?> map) || !(map.get("text") instanceof String text)) {
      throw new ConversionException("result", "expected a dict with 'text', found " + written);
    }
    try {
      AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write the state of program '" + program + "' to " + file, e);
    }
  }

  /** Gives a program the state of a file, in all contexts. */
  static void load(Adapter adapter, String program, Path file) {
    check(file);
    String text;
    try {
      text = Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ArgumentException(file + ": no UTF-8, so this is no state that DSPy saved", e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read a state from " + file, e);
    }
    try {
      adapter.call("import_program_state", Map.of("program", program, "text", text));
    } catch (ArgumentException e) {
      throw new ArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /** Refuses a file that DSPy does not take for a state. */
  static void check(Path file) {
    if (Files.isDirectory(file)) {
      throw new ArgumentException(
          file
              + ": a folder. A whole program, as save_program=True of DSPy writes it, is a pickle:"
              + " loading it runs what code it holds, and GraalPy has no form for it. Save its"
              + " state in Python: dspy.load(folder, allow_pickle=True).save('state.json')");
    }
    if (!file.toString().endsWith(".json")) {
      throw new ArgumentException(
          file
              + ": the name must end with .json, as DSPy demands it of a state in JSON. Its other"
              + " form, .pkl, is a pickle: loading it runs what code it holds. In Python,"
              + " module.save('state.json') writes the same state");
    }
  }
}
