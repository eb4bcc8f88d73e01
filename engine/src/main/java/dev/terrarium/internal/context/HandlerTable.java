package dev.terrarium.internal.context;

import dev.terrarium.error.UnknownCommandException;
import java.util.HashMap;
import java.util.Map;
import org.graalvm.polyglot.Value;

/**
 * The commands of one framework in one context: the bridge's {@code _handlers} dict, resolved to
 * executable values once. What touches Python is used on the context's carrier thread only.
 */
public final class HandlerTable {

  private static final int FIELDS = 4;

  /**
   * One command.
   *
   * @param loads whether the framework must be loaded before it runs
   * @param idempotent whether a call that failed may be made again
   */
  public record Command(Value callable, boolean loads, boolean idempotent) {}

  private final String framework;
  private final Value bridge;
  private final Map<String, Command> commands = new HashMap<>();

  /**
   * @param bridge the Python bridge object
   * @param flat {@code [name, callable, loads, idempotent, ...]}, as {@code embed.handler_table}
   *     returns it
   */
  public HandlerTable(String framework, Value bridge, Value flat) {
    this.framework = framework;
    this.bridge = bridge;
    for (long i = 0; i < flat.getArraySize(); i += FIELDS) {
      commands.put(
          flat.getArrayElement(i).asString(),
          new Command(
              flat.getArrayElement(i + 1),
              flat.getArrayElement(i + 2).asBoolean(),
              flat.getArrayElement(i + 3).asBoolean()));
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

  /** Whether the command says that it may be run again after it failed. Thread-safe. */
  public boolean isIdempotent(String name) {
    Command command = commands.get(name);
    return command != null && command.idempotent();
  }

  /** Imports the framework itself; returns at once when it is there. */
  public void ensureFramework() {
    bridge.invokeMember("_ensure_framework");
  }
}
