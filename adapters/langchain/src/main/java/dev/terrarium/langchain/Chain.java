package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A LangChain chain. Any context can run it. Thread-safe.
 *
 * @param <O> the type of the chain's output
 */
public sealed class Chain<O> extends Invocable<Map<String, ?>, O> permits TextChain {

  private static final String INVOKE = "invoke";

  private final String id;
  private final Class<O> output;

  Chain(Adapter adapter, String id, Class<O> output) {
    super(adapter);
    this.id = id;
    this.output = output;
  }

  /** Returns the chain's id, by which any framework-level call can name it. */
  public String id() {
    return id;
  }

  /**
   * Returns the same chain with these options for each call, such as those of a session:
   *
   * <pre>{@code
   * Chain<String> chat = langchain.prompt("{question}").history(20).text();
   * chat.with(terrarium.session("user-42").options()).call(Map.of("question", "And now?"));
   * }</pre>
   */
  @Override
  public Chain<O> with(CallOptions options) {
    return new Chain<>(adapter().with(options), id, output);
  }

  /**
   * Runs the chain.
   *
   * @param inputs the prompt's variables by name
   * @throws dev.terrarium.error.ArgumentException when a variable is missing or unknown
   * @throws dev.terrarium.error.TruncatedAnswerException when the answer cannot be parsed because
   *     it ended at its limit of tokens; a text that ended there is returned, and {@link #trace}
   *     says that it did
   */
  @Override
  public O call(Map<String, ?> inputs) {
    return super.call(inputs);
  }

  @Override
  protected Command<O> command(Map<String, ?> inputs) {
    return Command.of(INVOKE, arguments(inputs)).map(this::output);
  }

  /**
   * Runs the chain as {@link #call} does, and returns with its output what was sent to the model,
   * why the answer ended and what the run cost.
   */
  public Traced<O> trace(Map<String, ?> inputs) {
    Object result = adapter().call(INVOKE, Map.of("program", id, "inputs", inputs, "trace", true));
    return Traced.of(output(result), map(result));
  }

  Map<String, Object> arguments(Map<String, ?> inputs) {
    return Map.of("program", id, "inputs", inputs);
  }

  private O output(@Nullable Object result) {
    return TypedReader.read(map(result).get("output"), output, "output");
  }

  private static Map<?, ?> map(@Nullable Object result) {
    if (!(result instanceof Map<?, ?> map)) {
      throw new ConversionException("result", "expected a dict with 'output', found " + result);
    }
    return map;
  }

  /**
   * Runs the chain on one input after another in one visit to one context; see {@link
   * Adapter#batch}.
   *
   * @return one result for each input, in order
   */
  public List<CallResult<O>> batch(List<? extends Map<String, ?>> inputs) {
    return adapter().batch(inputs.stream().map(this::command).toList());
  }
}
