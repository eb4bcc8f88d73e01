package dev.terrarium.internal.context;

import dev.terrarium.event.TerrariumEvent.SpanDetail;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one framework in one context, for work on the context's carrier; work must not
 * keep them. Their exceptions are translated, so that no object of the context is in them.
 */
public interface Commands {

  /**
   * Runs a command.
   *
   * @param arguments by name
   * @return the marshalled result
   */
  @Nullable Object call(String command, Map<String, ?> arguments);

  /**
   * Runs a command and passes each piece that it yields to the sink; a result that is not a
   * generator or iterator is one piece. While the sink blocks the generator waits; when the sink
   * throws the generator is closed.
   *
   * @param arguments by name
   * @param sink receives each marshalled piece, on the carrier
   */
  void stream(String command, Map<String, ?> arguments, Consumer<@Nullable Object> sink);

  /**
   * Sets how much frameworks report of the spans of calls in this context, from now on, and returns
   * what was set before.
   */
  default SpanDetail reportSpans(SpanDetail detail) {
    return SpanDetail.OFF;
  }
}
