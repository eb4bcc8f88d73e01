package dev.terrarium.internal.call;

import dev.terrarium.internal.context.Commands;
import dev.terrarium.spi.Shortcut;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A command whose arguments were read. Immutable.
 *
 * @param name the name that observers see, of a shortcut too
 * @param shortcut the shortcut, or null for a command of a framework
 */
record Request(String name, Map<String, ?> arguments, @Nullable Shortcut shortcut)
    implements ContextTask<@Nullable Object> {

  @Override
  public String command() {
    return name;
  }

  @Override
  public @Nullable Object apply(Commands commands) {
    return commands.call(name, arguments);
  }
}
