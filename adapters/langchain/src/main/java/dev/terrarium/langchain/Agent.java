package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.spi.TypedReader;
import dev.terrarium.tool.Tools;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A prompt and a chat model that calls tools until it answers ({@code bind_tools} of
 * langchain-core). Any context can run it. Thread-safe if the tools are.
 *
 * <p>A call holds its context while a tool runs. It is never made again by itself when it fails,
 * since a tool may do more when it is called again.
 *
 * @param <O> the type of the answer
 */
public final class Agent<O> extends Invocable<Map<String, ?>, O> {

  private static final int MAX_STEPS = 10;

  private final String id;
  private final Class<O> output;
  private final Tools tools;
  private final int maxSteps;

  Agent(Adapter adapter, String id, Class<O> output, Tools tools) {
    this(adapter, id, output, tools, MAX_STEPS);
  }

  private Agent(Adapter adapter, String id, Class<O> output, Tools tools, int maxSteps) {
    super(adapter);
    this.id = id;
    this.output = output;
    this.tools = tools;
    this.maxSteps = maxSteps;
  }

  /** Returns the agent's id. */
  public String id() {
    return id;
  }

  @Override
  public Agent<O> with(CallOptions options) {
    return new Agent<>(adapter().with(options), id, output, tools, maxSteps);
  }

  /**
   * Returns the same agent with a limit of steps, 10 by default. In a step the model calls one tool
   * or several.
   */
  public Agent<O> withMaxSteps(int most) {
    if (most < 1) {
      throw new ConfigurationException("maxSteps: " + most + " is below 1");
    }
    return new Agent<>(adapter(), id, output, tools, most);
  }

  /**
   * Runs the agent.
   *
   * @param inputs the prompt's variables by name
   * @throws LimitExceededException when the model still calls tools after the last step
   * @throws dev.terrarium.error.ToolException when a tool fails whose failure is to end the call
   */
  @Override
  public O call(Map<String, ?> inputs) {
    return super.call(inputs);
  }

  @Override
  protected Command<O> command(Map<String, ?> inputs) {
    return traced(inputs).map(AgentTrace::output);
  }

  /** Runs the agent as {@link #call} does, and returns with its answer the calls of tools. */
  public AgentTrace<O> trace(Map<String, ?> inputs) {
    return adapter().call(traced(inputs));
  }

  private Command<AgentTrace<O>> traced(Map<String, ?> inputs) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("program", id);
    arguments.put("inputs", inputs);
    arguments.put("tools", tools.functions());
    arguments.put("max_steps", maxSteps);
    return Command.of("act", arguments).map(this::read);
  }

  private AgentTrace<O> read(@Nullable Object result) {
    Map<?, ?> map = TypedReader.read(result, Map.class, "result");
    List<AgentTrace.Step> steps = new ArrayList<>();
    for (Object each : TypedReader.read(map.get("steps"), List.class, "steps")) {
      if (each instanceof Map<?, ?> step) {
        steps.add(step(step));
      }
    }
    if (!Boolean.TRUE.equals(map.get("finished"))) {
      throw new LimitExceededException(
          "The model still called tools after "
              + maxSteps
              + " steps, the last of which was "
              + steps.getLast()
              + ". Raise withMaxSteps, or have the prompt or the tools tell when to end.");
    }
    return new AgentTrace<>(
        TypedReader.read(map.get("output"), output, "output"), steps, Traced.usage(map));
  }

  private static AgentTrace.Step step(Map<?, ?> step) {
    Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
    if (step.get("arguments") instanceof Map<?, ?> given) {
      given.forEach((name, value) -> arguments.put(String.valueOf(name), value));
    }
    return new AgentTrace.Step(
        String.valueOf(step.get("tool")),
        arguments,
        step.get("result"),
        Boolean.TRUE.equals(step.get("failed")));
  }
}
