package dev.terrarium.dspy.internal.frozen;

import dev.terrarium.error.ArgumentException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A run of a flow that gets what a run of DSPy got, and has to ask for it as DSPy did. */
final class ScriptedRun implements Exchanges {

  private static final int MAX_STEPS = 3;

  private final Map<?, ?> proof;
  private final Iterator<?> events;

  private ScriptedRun(Map<?, ?> proof) {
    this.proof = proof;
    this.events = ((List<?>) Plan.part(proof, "events")).iterator();
  }

  /**
   * Runs a flow as DSPy ran the module.
   *
   * @param proof {@code inputs}, {@code events} in order, which are requests with their answers and
   *     calls of functions with their results, {@code outputs}, and {@code steps} if there are any
   * @throws ArgumentException at the first difference
   */
  static void prove(Flow flow, Map<?, ?> proof) {
    ScriptedRun script = new ScriptedRun(proof);
    try {
      Map<String, @Nullable Object> result =
          flow.withMaxSteps(MAX_STEPS).run(Plan.part(proof, "inputs"), script).toMap();
      for (Map.Entry<String, @Nullable Object> part : result.entrySet()) {
        script.compare(part.getKey(), proof.get(part.getKey()), part.getValue());
      }
      script.compare("the end of", script.events.hasNext(), false);
    } catch (NotExactException e) {
      // DSPy runs the program with such values.
    }
  }

  @Override
  public Map<?, ?> ask(@Nullable String asker, Map<String, @Nullable Object> request) {
    Map<?, ?> event = next();
    compare("a request of", event.get("request"), request);
    compare("the predictor that asks in", event.get("asker"), asker);
    return (Map<?, ?>) Plan.part(event, "answer");
  }

  @Override
  public @Nullable Object call(String function, List<@Nullable Object> arguments) {
    Map<?, ?> event = next();
    compare("the function that is called by", event.get("function"), function);
    compare("the arguments of a function in", event.get("arguments"), arguments);
    return event.get("result");
  }

  private Map<?, ?> next() {
    return events.hasNext() ? (Map<?, ?>) events.next() : Map.of();
  }

  private void compare(String what, @Nullable Object expected, @Nullable Object found) {
    if (!Objects.equals(expected, found)) {
      throw Plan.refused(what, proof, expected, found);
    }
  }
}
