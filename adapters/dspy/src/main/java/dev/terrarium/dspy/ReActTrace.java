package dev.terrarium.dspy;

import dev.terrarium.model.ChatResponse.TokenUsage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The outputs of a program with tools, and the steps that led to them. Immutable.
 *
 * @param reasoning what the model wrote before the outputs
 * @param steps the trajectory: each call of a tool, in order. DSPy drops the first ones where all
 *     of them do not fit into the model's context window
 * @param usage tokens of all requests
 * @param requests all requests, in order: those of {@code react}, one for each step, and that of
 *     {@code extract.predict} for the outputs
 */
public record ReActTrace<O>(
    O outputs,
    Optional<String> reasoning,
    List<Step> steps,
    TokenUsage usage,
    List<Traced.Request> requests) {

  /** The tool that DSPy adds, by which the model ends the steps. */
  private static final String FINISH = "finish";

  /**
   * One call of a tool.
   *
   * @param thought what the model wrote before
   * @param tool the tool's name; {@code finish} when the model ended the steps
   * @param arguments the arguments as the model wrote them
   * @param observation the tool's result as plain data, or the message of its failure
   */
  public record Step(
      String thought,
      String tool,
      Map<String, @Nullable Object> arguments,
      @Nullable Object observation) {}

  /** Returns the tokens of the requests of each predictor; see {@link Traced#usageByPredictor}. */
  public Map<String, TokenUsage> usageByPredictor() {
    return Traced.Request.usageByPredictor(requests);
  }

  /** Returns whether the model ended the steps itself, before the limit of steps did. */
  public boolean isFinished() {
    return !steps.isEmpty() && steps.getLast().tool().equals(FINISH);
  }
}
