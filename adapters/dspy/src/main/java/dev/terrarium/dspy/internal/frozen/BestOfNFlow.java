package dev.terrarium.dspy.internal.frozen;

import dev.terrarium.error.ModelException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The flow of {@code dspy.BestOfN}: attempts at one request, which a reward rates. */
record BestOfNFlow(Plan plan, int n, double threshold) implements Flow {

  static BestOfNFlow of(Map<?, ?> map) {
    return new BestOfNFlow(
        new Plan((Map<?, ?>) Plan.part(map, "plan")),
        ((Number) Plan.part(map, "n")).intValue(),
        ((Number) Plan.part(map, "threshold")).doubleValue());
  }

  @Override
  public boolean callsFunctions() {
    return true;
  }

  @Override
  public Result run(Object inputs, Exchanges exchanges) throws NotExactException {
    Best best = new Best();
    for (int i = 0; i < n; i++) {
      Map<String, @Nullable Object> outputs = attempt(plan, i, inputs, exchanges);
      double reward = reward(inputs, outputs, exchanges);
      best.offer(outputs, reward);
      if (reward >= threshold) {
        break;
      }
    }
    return best.result();
  }

  /** Makes an attempt; one that fails is counted by DSPy, which may go on with the next one. */
  static Map<String, @Nullable Object> attempt(
      Plan plan, int number, Object inputs, Exchanges exchanges) throws NotExactException {
    try {
      return plan.ask(exchanges, inputs, Map.of("rollout", String.valueOf(number)));
    } catch (ModelException e) {
      throw new NotExactException(e);
    }
  }

  static double reward(Object inputs, Map<String, @Nullable Object> outputs, Exchanges exchanges)
      throws NotExactException {
    Object reward = exchanges.call(REWARD, List.of(PlainValue.fields(inputs), outputs));
    if (reward instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw new NotExactException();
  }

  /** The outputs with the highest reward so far; the first of equals. */
  static final class Best {

    private Map<String, @Nullable Object> outputs = Map.of();
    private double reward = Double.NEGATIVE_INFINITY;

    void offer(Map<String, @Nullable Object> offered, double rated) {
      if (rated > reward) {
        outputs = offered;
        reward = rated;
      }
    }

    Result result() {
      return Result.of(outputs);
    }
  }
}
