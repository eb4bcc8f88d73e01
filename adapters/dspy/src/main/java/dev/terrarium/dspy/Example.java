package dev.terrarium.dspy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One input of a program with the output that is expected of it. Immutable if both are.
 *
 * @param <I> the type of the input
 * @param <O> the type of the output
 */
public record Example<I, O>(I input, O expected) {

  public Example {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(expected, "expected");
  }

  /** Returns examples in the form that the bridge's commands take. */
  static List<Map<String, Object>> rows(List<? extends Example<?, ?>> examples) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Example<?, ?> each : examples) {
      rows.add(
          Map.of(
              "inputs", PlainData.fields(each.input()),
              "expected", PlainData.fields(each.expected())));
    }
    return rows;
  }
}
