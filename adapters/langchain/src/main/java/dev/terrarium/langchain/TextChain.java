package dev.terrarium.langchain;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.spi.TypedReader;
import java.util.Map;
import java.util.concurrent.Flow;

/**
 * A chain whose output is the model's text, which can be streamed while the model writes.
 * Thread-safe.
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
   * Returns a publisher that runs the chain for each subscriber, and passes on the pieces of the
   * text while the model writes. {@link Adapter#stream} explains back-pressure and cancelling;
   * cancelling stops the model.
   *
   * @param inputs the prompt's variables by name
   */
  public Flow.Publisher<String> stream(Map<String, ?> inputs) {
    return adapter().stream(
        Command.of("stream", arguments(inputs))
            .map(piece -> TypedReader.read(piece, String.class, "piece")));
  }
}
