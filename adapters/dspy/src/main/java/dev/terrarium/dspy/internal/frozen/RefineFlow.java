package dev.terrarium.dspy.internal.frozen;

import dev.terrarium.error.ModelException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The flow of {@code dspy.Refine}: attempts at one request, and after each one below the threshold
 * a request for advice, which the next attempt has as its hint.
 *
 * @param hinted the predictor with a hint among its inputs
 * @param advice the predictor of DSPy's {@code OfferFeedback}
 * @param constants the inputs of {@code advice} that are the same in all runs
 * @param predictor the name by which advice is given
 */
record RefineFlow(
    Plan plan,
    Plan hinted,
    Plan advice,
    Map<String, String> constants,
    String predictor,
    int n,
    double threshold)
    implements Flow {

  private static final String HINT = "hint_";
  private static final String NOT_TO_BLAME = "N/A";

  static RefineFlow of(Map<?, ?> map) {
    Map<String, String> constants = new LinkedHashMap<>();
    ((Map<?, ?>) Plan.part(map, "constants"))
        .forEach((name, text) -> constants.put((String) name, (String) text));
    return new RefineFlow(
        new Plan((Map<?, ?>) Plan.part(map, "plan")),
        new Plan((Map<?, ?>) Plan.part(map, "hinted")),
        new Plan((Map<?, ?>) Plan.part(map, "advice")),
        constants,
        (String) Plan.part(map, "predictor"),
        ((Number) Plan.part(map, "n")).intValue(),
        ((Number) Plan.part(map, "threshold")).doubleValue());
  }

  @Override
  public boolean callsFunctions() {
    return true;
  }

  @Override
  public Result run(Object inputs, Exchanges exchanges) throws NotExactException {
    BestOfNFlow.Best best = new BestOfNFlow.Best();
    Map<?, ?> advised = Map.of();
    for (int i = 0; i < n; i++) {
      Map<String, @Nullable Object> given = FieldWriter.named(inputs);
      if (!advised.isEmpty()) {
        Object hint = advised.get(predictor);
        given.put(HINT, hint == null ? NOT_TO_BLAME : hint);
      }
      Map<String, @Nullable Object> outputs =
          BestOfNFlow.attempt(advised.isEmpty() ? plan : hinted, i, given, exchanges);
      double reward = BestOfNFlow.reward(inputs, outputs, exchanges);
      best.offer(outputs, reward);
      if (reward >= threshold || i == n - 1) {
        break;
      }
      advised = advise(inputs, given, outputs, reward, exchanges);
    }
    return best.result();
  }

  private Map<?, ?> advise(
      Object inputs,
      Map<String, @Nullable Object> given,
      Map<String, @Nullable Object> outputs,
      double reward,
      Exchanges exchanges)
      throws NotExactException {
    Map<String, @Nullable Object> step = new LinkedHashMap<>();
    step.put("module_name", predictor);
    step.put("inputs", PlainValue.fields(given));
    step.put("outputs", outputs);
    Map<String, @Nullable Object> values = new LinkedHashMap<>(constants);
    values.put("program_inputs", IndentedJson.write(PlainValue.fields(inputs)));
    values.put("program_trajectory", IndentedJson.write(List.of(step)));
    values.put("program_outputs", IndentedJson.write(outputs));
    values.put("reward_value", IndentedJson.write(reward));
    try {
      Object said = advice.ask(exchanges, values, Map.of()).get("advice");
      return (Map<?, ?>) PlainValue.fields(said);
    } catch (ModelException e) {
      throw new NotExactException(e); // DSPy counts a failed attempt
    }
  }
}
