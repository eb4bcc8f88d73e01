package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.spi.TypedReader;
import java.util.Map;
import java.util.concurrent.Flow;

/**
 * A chain that answers with the model's text, and can bring it while it is written. Thread-safe.
 */
public final class TextChain extends Chain<String> {

  TextChain(Adapter adapter, String id) {
    super(adapter, id, String.class);
  }

  @Override
  public TextChain with(CallOptions options) {
    return new TextChain(adapter().with(options), id());
  }

  /**
   * Runs the chain for each subscriber, and brings the pieces of the text while the model writes.
   * For back-pressure and cancelling see {@link Adapter#stream}; cancelling stops the model.
   *
   * @param inputs the prompt's variables by name
   */
  public Flow.Publisher<String> stream(Map<String, ?> inputs) {
    return adapter().stream(
        Command.of("stream", arguments(inputs))
            .map(piece -> TypedReader.read(piece, String.class, "piece")));
  }
}
