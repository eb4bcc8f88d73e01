package dev.terrarium.langgraph;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A part of what a graph streams, of which {@link Ended} is the last. Immutable.
 *
 * @param <O> the type of the graph's output
 */
public sealed interface StreamPart<O> {

  /**
   * The output so far, after a step.
   *
   * @param values plain data by the keys of the output
   */
  record Values<O>(Map<String, @Nullable Object> values) implements StreamPart<O> {}

  /**
   * What a node wrote.
   *
   * @param node the node's name
   * @param data the keys that the node wrote with their values, or null when it wrote none
   */
  record Update<O>(String node, @Nullable Object data) implements StreamPart<O> {}

  /**
   * What a node passed to the writer of {@code get_stream_writer()}.
   *
   * @param data plain data
   */
  record Custom<O>(@Nullable Object data) implements StreamPart<O> {}

  /**
   * A piece of a message of a language model, or a message that a node added to the state.
   *
   * @param node the node's name
   * @param text the piece's text, which may be empty
   * @param data the piece as LangChain has it, as plain data
   */
  record Message<O>(String node, String text, @Nullable Object data) implements StreamPart<O> {}

  /**
   * The end of the run.
   *
   * @param run what came of it
   */
  record Ended<O>(Run<O> run) implements StreamPart<O> {}
}
