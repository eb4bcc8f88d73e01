package dev.terrarium.dspy;

import dev.terrarium.error.ConfigurationException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * The options of an evaluation. Immutable.
 *
 * @param threads the number of examples that run at a time; empty for as many as there are
 *     contexts. A frozen program holds no context, so it may have more
 * @param maxErrors the number of failures at which the evaluation ends, 10 by default as in DSPy
 * @param failureScore the score of an example that fails, 0 by default
 * @param deadline the time after which the evaluation ends with what it has
 * @param listener is notified of each example, by one thread at a time
 */
public record EvaluateOptions(
    OptionalInt threads,
    int maxErrors,
    double failureScore,
    Optional<Duration> deadline,
    Consumer<? super Progress.ExampleDone> listener) {

  private static final int MAX_ERRORS = 10;

  public EvaluateOptions {
    RunChecks.threads(threads);
    RunChecks.count("maxErrors", maxErrors);
    RunChecks.deadline(deadline);
    if (!Double.isFinite(failureScore)) {
      throw new ConfigurationException("failureScore: " + failureScore + " is not finite");
    }
  }

  public static EvaluateOptions ofDefaults() {
    return new EvaluateOptions(
        OptionalInt.empty(), MAX_ERRORS, 0, Optional.empty(), progress -> {});
  }

  public EvaluateOptions withThreads(int value) {
    return new EvaluateOptions(OptionalInt.of(value), maxErrors, failureScore, deadline, listener);
  }

  public EvaluateOptions withMaxErrors(int value) {
    return new EvaluateOptions(threads, value, failureScore, deadline, listener);
  }

  public EvaluateOptions withFailureScore(double value) {
    return new EvaluateOptions(threads, maxErrors, value, deadline, listener);
  }

  public EvaluateOptions withDeadline(Duration value) {
    return new EvaluateOptions(threads, maxErrors, failureScore, Optional.of(value), listener);
  }

  public EvaluateOptions withListener(Consumer<? super Progress.ExampleDone> value) {
    return new EvaluateOptions(threads, maxErrors, failureScore, deadline, value);
  }
}
