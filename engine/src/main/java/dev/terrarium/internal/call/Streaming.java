package dev.terrarium.internal.call;

import dev.terrarium.internal.context.Commands;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A command whose pieces go to a sink; the command may be run again until the sink has its first
 * piece.
 */
final class Streaming implements ContextTask<Request> {

  private final Request request;
  private final Consumer<@Nullable Object> sink;
  private volatile boolean begun;

  Streaming(Request request, Consumer<@Nullable Object> sink) {
    this.request = request;
    this.sink = sink;
  }

  @Override
  public String name() {
    return request.name();
  }

  @Override
  public @Nullable String command() {
    return request.command();
  }

  @Override
  public Request apply(Commands commands) {
    commands.stream(
        request.name(),
        request.arguments(),
        piece -> {
          begun = true;
          sink.accept(piece);
        });
    return request;
  }

  @Override
  public boolean isRepeatable() {
    return !begun;
  }
}
