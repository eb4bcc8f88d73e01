package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.error.ConversionException;
import dev.terrarium.value.TypedReader;
import java.util.Map;

/**
 * A LangChain chain. Any context can run it. Thread-safe.
 *
 * @param <O> what it answers with
 */
public final class Chain<O> {

  private final Adapter adapter;
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
   */
  public O invoke(Map<String, ?> inputs) {
    Object result = adapter.call("invoke", Map.of("program", id, "inputs", inputs));
    if (!(result instanceof Map<?, ?> map)) {
      throw new ConversionException("result", "expected a dict with 'output', found " + result);
    }
    return TypedReader.read(map.get("output"), output, "output");
  }
}
