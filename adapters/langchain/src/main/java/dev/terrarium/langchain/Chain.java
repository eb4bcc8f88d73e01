package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.CallResult;
import dev.terrarium.Command;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A LangChain chain. Any context can run it. Thread-safe.
 *
 * @param <O> what it answers with
 */
public sealed class Chain<O> permits TextChain {

  private static final String INVOKE = "invoke";

  final Adapter adapter;
  private final String id;
  private final Class<O> output;

  Chain(Adapter adapter, String id, Class<O> output) {
    this.adapter = adapter;
    this.id = id;
    this.output = output;
  }

  /** The chain's id, by which any framework-level call can name it. */
  public String id() {
    return id;
  }

  /**
   * The same chain with these options for each call, such as a session's:
   *
   * <pre>{@code
   * Chain<String> chat = langchain.prompt("{question}").history(20).text();
   * chat.with(terrarium.session("user-42").options()).invoke(Map.of("question", "And now?"));
   * }</pre>
   */
  public Chain<O> with(CallOptions options) {
    return new Chain<>(adapter.with(options), id, output);
  }

  /**
   * Runs the chain.
   *
   * @param inputs the prompt's variables by name
   * @throws dev.terrarium.error.ArgumentException when a variable is missing or unknown
   * @throws dev.terrarium.error.ModelException when the model fails
   * @throws dev.terrarium.error.PythonException when the answer cannot be parsed
   * @throws dev.terrarium.error.TruncatedAnswerException when it cannot since it ended at its limit
   *     of tokens; a text that did is returned, and {@link #trace} tells
   */
  public O invoke(Map<String, ?> inputs) {
    return output(adapter.call(INVOKE, arguments(inputs)));
  }

  /**
   * Runs the chain as {@link #invoke} does, and returns beside its output what was sent to the
   * model, why the answer ended and what it cost.
   */
  public Traced<O> trace(Map<String, ?> inputs) {
    Object result = adapter.call(INVOKE, Map.of("program", id, "inputs", inputs, "trace", true));
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
   * As {@link #invoke}, without waiting. The Python code and the model are stopped when the future
   * that is returned, not one derived from it, ends before them, as by {@code cancel} or {@code
   * orTimeout}.
   */
  public CompletableFuture<O> invokeAsync(Map<String, ?> inputs) {
    return adapter.callAsync(INVOKE, arguments(inputs), this::output);
  }

  /**
   * Runs the chain for all inputs at once, in as many contexts as there are; see {@link
   * Adapter#callAll}.
   *
   * @return one result for each of the inputs, in order
   */
  public List<CallResult<O>> invokeAll(List<? extends Map<String, ?>> inputs) {
    return results(adapter.callAll(commands(inputs)));
  }

  /**
   * Runs the chain for one after another of the inputs in one visit to one context; see {@link
   * Adapter#batch}.
   *
   * @return one result for each of the inputs, in order
   */
  public List<CallResult<O>> batch(List<? extends Map<String, ?>> inputs) {
    return results(adapter.batch(commands(inputs)));
  }

  private List<Command> commands(List<? extends Map<String, ?>> inputs) {
    return inputs.stream().map(each -> new Command(INVOKE, arguments(each))).toList();
  }

  private List<CallResult<O>> results(List<CallResult<@Nullable Object>> results) {
    return results.stream().map(result -> result.<O>map(this::output)).toList();
  }
}
