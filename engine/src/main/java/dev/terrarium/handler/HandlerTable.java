package dev.terrarium.handler;

import dev.terrarium.error.UnknownCommandException;
import java.util.HashMap;
import java.util.Map;
import org.graalvm.polyglot.Value;

/**
 * The commands of one framework in one context: the bridge's {@code _handlers} dict, resolved to
 * executable values once. What touches Python is used on the context's carrier thread only.
 */
public final class HandlerTable {

  /** One command; {@code loads} says that the framework must be loaded before it runs. */
  public record Command(Value callable, boolean loads) {}

  private final String framework;
  private final Value bridge;
  private final Map<String, Command> commands = new HashMap<>();

  /**
   * @param bridge the Python bridge object
   * @param flat {@code [name, callable, loads, ...]}, as {@code embed.handler_table} returns it
   */
  public HandlerTable(String framework, Value bridge, Value flat) {
    this.framework = framework;
    this.bridge = bridge;
    for (long i = 0; i < flat.getArraySize(); i += 3) {
      commands.put(
          flat.getArrayElement(i).asString(),
          new Command(flat.getArrayElement(i + 1), flat.getArrayElement(i + 2).asBoolean()));
    }
  }

  /**
   * Looks a command up.
   *
   * @throws UnknownCommandException with the known ones
   */
  public Command get(String name) {
    Command command = commands.get(name);
    if (command == null) {
      throw new UnknownCommandException(framework, name, commands.keySet());
    }
    return command;
  }

  /** Whether the command needs the framework; one that does not exist does not. Thread-safe. */
  public boolean loads(String name) {
    Command command = commands.get(name);
    return command != null && command.loads();
  }

  /** Imports the framework itself; returns at once when it is there. */
  public void ensureFramework() {
    bridge.invokeMember("_ensure_framework");
  }
}
