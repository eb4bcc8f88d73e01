package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.TerrariumException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A metric whose scores are checked. Thread-safe if the metric is. */
record Scoring<I, O>(Metric<I, O> metric, Adapter adapter) {

  /** Whether scoring needs a context. */
  boolean inPython() {
    return metric instanceof PythonMetric;
  }

  /**
   * Scores an output.
   *
   * @param index the number of the example in its list, from 0
   * @throws ArgumentException when the metric throws, or returns null or a score that is not finite
   */
  Score score(int index, Example<I, O> example, O output, Optional<MetricTrace> trace) {
    Score score;
    try {
      score =
          metric instanceof PythonMetric<I, O> python
              ? python.score(adapter, example, output)
              : metric.score(example, output, trace);
    } catch (TerrariumException e) {
      throw e;
    } catch (RuntimeException e) {
      throw refused(index, example, output, "threw " + e, e);
    }
    if (score == null || !Double.isFinite(score.value())) {
      throw refused(index, example, output, "returned " + score, null);
    }
    return score;
  }

  /** Scores an output of an example that has no number. */
  Score score(Example<I, O> example, O output) {
    return score(-1, example, output, Optional.empty());
  }

  private static ArgumentException refused(
      int index, Example<?, ?> example, Object output, String what, @Nullable Throwable cause) {
    return new ArgumentException(
        "metric: it "
            + what
            + (index < 0 ? " for the example (" : " for example " + index + " (")
            + example
            + ") and the output "
            + output
            + ". A metric returns a finite score for every output.",
        cause);
  }
}
