package dev.terrarium.dspy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How an output came about, for a metric that an optimizer asks. Immutable.
 *
 * @param steps what the predictors of the program did, in order
 * @param predictor the predictor for which feedback is wanted; empty when the score of the whole
 *     program is wanted
 */
public record MetricTrace(List<Step> steps, Optional<String> predictor) {

  public MetricTrace {
    steps = List.copyOf(steps);
  }

  /**
   * One run of a predictor.
   *
   * @param predictor its name in the program
   * @param inputs the inputs by name, as plain data
   * @param outputs the outputs by name, as plain data; empty when the answer could not be read
   */
  public record Step(
      String predictor,
      Map<String, @Nullable Object> inputs,
      Map<String, @Nullable Object> outputs) {}
}
