package dev.terrarium.internal.call;

import dev.terrarium.internal.context.Commands;
import dev.terrarium.spi.Shortcut;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A command whose arguments are read. Immutable.
 *
 * @param name what observers see, that of a shortcut too
 * @param shortcut null for a command of a framework
 */
record Request(String name, Map<String, ?> arguments, @Nullable Shortcut shortcut)
    implements ContextTask<@Nullable Object> {

  @Override
  public @Nullable Object apply(Commands commands) {
    return commands.call(name, arguments);
  }
}
