package dev.terrarium.langchain;

import dev.terrarium.model.ChatResponse.TokenUsage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An agent's answer, and the calls of tools that led to it. Immutable.
 *
 * @param steps the calls in order
 * @param usage tokens of all requests
 */
public record AgentTrace<O>(O output, List<Step> steps, TokenUsage usage) {

  /**
   * One call of a tool.
   *
   * @param tool the tool's name, as the model wrote it
   * @param arguments the arguments as the model wrote them
   * @param result the tool's result as plain data, or the message of its failure
   * @param failed whether the tool failed
   */
  public record Step(
      String tool,
      Map<String, @Nullable Object> arguments,
      @Nullable Object result,
      boolean failed) {}
}
