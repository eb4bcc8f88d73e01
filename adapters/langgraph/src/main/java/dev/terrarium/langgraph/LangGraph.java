package dev.terrarium.langgraph;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Programs;
import dev.terrarium.PythonSource;
import dev.terrarium.spi.TypedReader;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The typed facade of LangGraph: {@code terrarium.adapter(LangGraph.class)}. A graph is a {@code
 * StateGraph} of one's own Python code, which any context can run. Creating a graph checks its
 * code's syntax and loads nothing; the graph's first call loads LangGraph, or {@link
 * dev.terrarium.Terrarium#prewarm} ahead of that. Thread-safe.
 *
 * <pre>{@code
 * Graph<Order, Handled> graph =
 *     langgraph.graph(
 *         PythonSource.fromResource("/orders.py"), "builder", Order.class, Handled.class);
 * GraphThread<Order, Handled> thread = graph.thread("order-17", saver);
 * Run<Handled> run = thread.invoke(new Order("tea", 3));
 * if (!run.interrupts().isEmpty()) {
 *   run = thread.resume(true);
 * }
 * }</pre>
 */
public final class LangGraph {

  private final Adapter adapter;

  LangGraph(Adapter adapter) {
    this.adapter = adapter;
  }

  /**
   * Returns a graph whose input and output are maps, by the keys of the graph's state.
   *
   * @see #graph(PythonSource, String, Class, Class)
   */
  public Graph<Map<String, ?>, Map<String, @Nullable Object>> graph(
      PythonSource source, String name) {
    return new Graph<>(adapter, define(source, name), values -> values);
  }

  /**
   * Returns a graph of one's own Python code. The components of the input are keys of the graph's
   * input schema, and those of the output keys of its output schema. The registry keeps the code
   * with the graph, so any context can run it; each context compiles the graph once.
   *
   * <p>An exception in a node is a {@link dev.terrarium.error.PythonException} with the file and
   * line of the code. Code that cannot be loaded, or that has no such graph, fails the graph's
   * first call with an {@link dev.terrarium.error.ArgumentException} that says where.
   *
   * @param name the attribute of the code that is a {@code StateGraph}, or a function without
   *     parameters that returns one. A compiled graph is taken if it has no checkpointer, store or
   *     cache of its own
   * @throws dev.terrarium.error.ArgumentException when the code has a syntax error, with its line
   */
  public <I extends Record, O extends Record> Graph<I, O> graph(
      PythonSource source, String name, Class<I> input, Class<O> output) {
    return new Graph<>(
        adapter, define(source, name), values -> TypedReader.read(values, output, "state"));
  }

  private String define(PythonSource source, String name) {
    return programs().define(Map.of("source", source, "graph", name));
  }

  /** Returns the same facade with these options for each call, including those of its graphs. */
  public LangGraph with(CallOptions options) {
    return new LangGraph(adapter.with(options));
  }

  /** Returns the graphs, whichever caller created them. */
  public Programs programs() {
    return new Programs(adapter);
  }
}
