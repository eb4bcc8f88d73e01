package dev.terrarium.internal.call;

import dev.terrarium.internal.context.Commands;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A command whose pieces go to a sink; the command may be run again until the sink has its first
 * piece.
 */
final class Streaming implements ContextTask<Request> {

  private final Request command;
  private final Consumer<@Nullable Object> sink;
  private volatile boolean begun;

  Streaming(Request command, Consumer<@Nullable Object> sink) {
    this.command = command;
    this.sink = sink;
  }

  @Override
  public Request apply(Commands commands) {
    commands.stream(
        command.name(),
        command.arguments(),
        piece -> {
          begun = true;
          sink.accept(piece);
        });
    return command;
  }

  @Override
  public boolean isRepeatable() {
    return !begun;
  }
}
