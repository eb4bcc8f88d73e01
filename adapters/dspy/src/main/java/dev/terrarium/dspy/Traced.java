package dev.terrarium.dspy;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A program's outputs and how they came about.
 *
 * @param reasoning what the model wrote before the outputs, for a chain of thought
 * @param finishReason {@code LENGTH} when the last of the outputs is a text that the limit of
 *     tokens cut off; {@code STOP} when the outputs are complete, even if they end exactly at that
 *     limit
 * @param messages the messages of the last request, as DSPy sent them to the model
 * @param usage tokens of all requests
 * @param requests all requests, in order; an answer that DSPy had cached has none
 */
public record Traced<O>(
    O outputs,
    Optional<String> reasoning,
    FinishReason finishReason,
    List<ChatMessage> messages,
    TokenUsage usage,
    List<Request> requests) {

  /**
   * One request to a language model, and its answer.
   *
   * @param predictor the name of the predictor that asked, as DSPy names it: {@code self} for a
   *     {@code dspy.Predict}, {@code react} and {@code extract.predict} for a {@code dspy.ReAct};
   *     for a predictor that DSPy makes while it runs, the name of its signature
   * @param messages the messages, as DSPy sent them
   * @param response the text of the answer, as the model wrote it
   * @param finishReason why the answer ended
   * @param model the model that answered, in its service's words; empty if it does not say
   * @param usage tokens of this request
   */
  public record Request(
      String predictor,
      List<ChatMessage> messages,
      String response,
      FinishReason finishReason,
      Optional<String> model,
      TokenUsage usage) {

    static Map<String, TokenUsage> usageByPredictor(List<Request> requests) {
      Map<String, TokenUsage> usage = new LinkedHashMap<>();
      for (Request each : requests) {
        usage.merge(each.predictor(), each.usage(), Request::sum);
      }
      return Collections.unmodifiableMap(usage);
    }

    private static TokenUsage sum(TokenUsage one, TokenUsage other) {
      return new TokenUsage(
          one.promptTokens() + other.promptTokens(),
          one.completionTokens() + other.completionTokens(),
          one.cachedTokens() + other.cachedTokens(),
          one.reasoningTokens() + other.reasoningTokens());
    }
  }

  /**
   * Returns the tokens of the requests of each predictor by its name, in the order of their first
   * requests. They add up to {@link #usage()}; each request counts once, for the predictor that
   * made it, and not for the modules around it.
   */
  public Map<String, TokenUsage> usageByPredictor() {
    return Request.usageByPredictor(requests);
  }

  <T> Traced<T> with(T other) {
    return new Traced<>(other, reasoning, finishReason, messages, usage, requests);
  }
}
