package dev.terrarium.dspy.internal.frozen;

import java.util.Map;

/** The flow of {@code dspy.Predict} and {@code dspy.ChainOfThought}: one request. */
record PredictFlow(Plan plan) implements Flow {

  @Override
  public Result run(Object inputs, Exchanges exchanges) throws NotExactException {
    return Result.of(plan.ask(exchanges, inputs, Map.of()));
  }
}
