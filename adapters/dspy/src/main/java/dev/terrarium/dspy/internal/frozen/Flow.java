package dev.terrarium.dspy.internal.frozen;

import dev.terrarium.error.ArgumentException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The control flow of a DSPy module, in Java, over the plans of its predictors. A run asks the same
 * in the same order as the module's {@code forward} does. Immutable.
 */
public sealed interface Flow
    permits PredictFlow, ComparisonFlow, BestOfNFlow, RefineFlow, ReActFlow {

  /** The name of the function of the caller that rates outputs. */
  String REWARD = "@reward";

  /**
   * What a run gives.
   *
   * @param outputs by name, in the form of the bridge's {@code call}
   * @param steps those of the bridge's {@code act}; null for a module without any
   */
  record Result(
      Map<String, @Nullable Object> outputs, @Nullable List<Map<String, @Nullable Object>> steps) {

    static Result of(Map<String, @Nullable Object> outputs) {
      return new Result(outputs, null);
    }

    /** Returns the result in the form of the bridge's commands. */
    public Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("outputs", outputs);
      if (steps != null) {
        map.put("steps", steps);
      }
      return map;
    }
  }

  /**
   * Runs the module.
   *
   * @param inputs a record or a map
   * @throws NotExactException when DSPy might run otherwise from some point on
   */
  Result run(Object inputs, Exchanges exchanges) throws NotExactException;

  /** Returns whether a run calls functions of the caller, such as tools. */
  default boolean callsFunctions() {
    return false;
  }

  /** Returns the same flow with a limit of steps, if it has steps. */
  default Flow withMaxSteps(int most) {
    return this;
  }

  /**
   * Reads a result of the bridge's {@code freeze_program}, and checks it against the runs of DSPy
   * that came with it.
   *
   * @throws ArgumentException when Java would run otherwise than DSPy
   */
  static Flow proven(@Nullable Object plain) {
    Map<?, ?> map = (Map<?, ?>) Objects.requireNonNull(plain, "plan");
    Flow flow = of(map);
    if (!(flow instanceof PredictFlow)) {
      for (Object proof : (List<?>) Plan.part(map, "proofs")) {
        ScriptedRun.prove(flow, (Map<?, ?>) proof);
      }
    }
    return flow;
  }

  private static Flow of(Map<?, ?> map) {
    return switch ((String) Plan.part(map, "kind")) {
      case "predict" -> new PredictFlow(Plan.proven(map));
      case "multi_chain_comparison" -> ComparisonFlow.of(map);
      case "best_of_n" -> BestOfNFlow.of(map);
      case "refine" -> RefineFlow.of(map);
      case "react" -> ReActFlow.of(map);
      default -> throw new IllegalArgumentException("unknown kind: " + map.get("kind"));
    };
  }
}
