package dev.terrarium.internal.context;

import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one framework in one context, for work that is in the context's carrier; not to
 * be kept. What they throw is translated: nothing of the context's is in it.
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
   * Runs a command and hands over what it yields, piece by piece; what is no generator or iterator
   * is one piece. While the sink is busy the generator waits; when it throws the generator is
   * closed.
   *
   * @param arguments by name
   * @param sink given each marshalled piece, in the carrier
   */
  void stream(String command, Map<String, ?> arguments, Consumer<@Nullable Object> sink);
}
