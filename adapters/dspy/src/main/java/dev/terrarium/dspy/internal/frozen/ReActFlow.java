package dev.terrarium.dspy.internal.frozen;

import dev.terrarium.error.ModelException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The flow of {@code dspy.ReAct}: steps, each a request for a tool and the call of it, and then a
 * request for the outputs.
 *
 * @param react the predictor of a step
 * @param extract the predictor of the outputs
 * @param tools the JSON schema of each parameter of each tool
 */
record ReActFlow(Plan react, Plan extract, Map<String, Map<?, ?>> tools, int maxSteps)
    implements Flow {

  /** The limit of steps that DSPy has by default. */
  private static final int MAX_STEPS = 20;

  private static final String FINISH = "finish";

  static ReActFlow of(Map<?, ?> map) {
    Map<String, Map<?, ?>> tools = new LinkedHashMap<>();
    ((Map<?, ?>) Plan.part(map, "tools"))
        .forEach((name, parameters) -> tools.put((String) name, (Map<?, ?>) parameters));
    return new ReActFlow(
        new Plan((Map<?, ?>) Plan.part(map, "react")),
        new Plan((Map<?, ?>) Plan.part(map, "extract")),
        tools,
        MAX_STEPS);
  }

  @Override
  public boolean callsFunctions() {
    return true;
  }

  @Override
  public Flow withMaxSteps(int most) {
    return new ReActFlow(react, extract, tools, most);
  }

  @Override
  public Result run(Object inputs, Exchanges exchanges) throws NotExactException {
    Trajectory trajectory = new Trajectory(react.form());
    boolean finished = false;
    for (int i = 0; i < maxSteps && !finished; i++) {
      Map<String, @Nullable Object> step = ask(react, inputs, trajectory, exchanges);
      String tool = String.valueOf(step.get("next_tool_name"));
      Map<String, @Nullable Object> arguments = FieldWriter.named(step.get("next_tool_args"));
      Object observation = observation(tool, arguments, exchanges);
      trajectory.add(i, step.get("next_thought"), tool, arguments, observation);
      finished = tool.equals(FINISH);
    }
    return new Result(ask(extract, inputs, trajectory, exchanges), trajectory.steps());
  }

  /** Asks; DSPy drops the oldest step of a trajectory that is too long for the model. */
  private static Map<String, @Nullable Object> ask(
      Plan plan, Object inputs, Trajectory trajectory, Exchanges exchanges)
      throws NotExactException {
    Map<String, @Nullable Object> given = FieldWriter.named(inputs);
    given.put("trajectory", trajectory.text());
    try {
      return plan.ask(exchanges, given, Map.of());
    } catch (ModelException e) {
      if (e.kind() == ModelException.Kind.CONTEXT_LENGTH_EXCEEDED) {
        throw new NotExactException(e);
      }
      throw e;
    }
  }

  private @Nullable Object observation(
      String tool, Map<String, @Nullable Object> arguments, Exchanges exchanges)
      throws NotExactException {
    if (tool.equals(FINISH)) {
      if (arguments.isEmpty()) {
        return "Completed.";
      }
      throw new NotExactException();
    }
    Map<?, ?> parameters = tools.get(tool);
    if (parameters == null || arguments.containsKey("self")) {
      throw new NotExactException();
    }
    for (Map.Entry<String, @Nullable Object> argument : arguments.entrySet()) {
      if (parameters.get(argument.getKey()) instanceof Map<?, ?> schema
          && schema.get("type") != null) {
        ArgumentCheck.check(schema, argument.getValue());
      }
    }
    Object answer = exchanges.call(tool, List.of(arguments));
    if (!(answer instanceof Map<?, ?> map)) {
      throw new NotExactException();
    }
    return map.get("error") instanceof String reason
        ? "Execution error in " + tool + ": " + reason
        : PlainValue.of(map.get("value"));
  }
}
