package dev.terrarium;

import java.util.Map;
import java.util.Objects;

/**
 * One of many calls: a command of a framework and its arguments. The map is not copied.
 *
 * @param name the command's
 * @param arguments by name
 */
public record Command(String name, Map<String, ?> arguments) {

  public Command {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(arguments, "arguments");
  }
}
