package dev.terrarium.dspy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A program of the bridge, or a predictor of a composed program. Immutable.
 *
 * @param id the program's id
 * @param predictor the predictor's name, null for the whole program
 */
record ProgramRef(String id, @Nullable String predictor) {

  static ProgramRef of(String id) {
    return new ProgramRef(id, null);
  }

  /** Returns arguments of a command of the bridge that say what is run, and these others. */
  Map<String, Object> arguments(Map<String, Object> others) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("program", id);
    if (predictor != null) {
      arguments.put("predictor", predictor);
    }
    arguments.putAll(others);
    return arguments;
  }
}
