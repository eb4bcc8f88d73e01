package dev.terrarium.dspy;

import dev.terrarium.model.ChatResponse.TokenUsage;
import java.util.List;
import java.util.Map;

/**
 * The outputs of a program that wrote code, and the steps that led to them. Immutable.
 *
 * @param steps the trajectory: each piece of code, in order
 * @param usage tokens of all requests, those of the code included
 * @param requests all requests, in order; those of the code have the predictor {@code self}
 */
public record RlmTrace<O>(
    O outputs, List<Step> steps, TokenUsage usage, List<Traced.Request> requests) {

  /**
   * One piece of code.
   *
   * @param reasoning what the model wrote before
   * @param code the code
   * @param output the value of the code's last expression, or what the code printed; {@code
   *     [Error]} and the message when the code failed, {@code FINAL:} and the outputs when it
   *     submitted them
   */
  public record Step(String reasoning, String code, String output) {}

  /** Returns the tokens of the requests of each predictor; see {@link Traced#usageByPredictor}. */
  public Map<String, TokenUsage> usageByPredictor() {
    return Traced.Request.usageByPredictor(requests);
  }
}
