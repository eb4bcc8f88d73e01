package dev.terrarium.internal.context;

import dev.terrarium.error.UnknownCommandException;
import java.util.HashMap;
import java.util.Map;
import org.graalvm.polyglot.Value;

/**
 * The commands of one framework in one context: the bridge's {@code _handlers} dict, resolved to
 * executable values once. Methods that touch Python are called on the context's carrier only.
 */
public final class HandlerTable {

  private static final int FIELDS = 4;

  /**
   * One command.
   *
   * @param callable the handler
   * @param loads whether the framework must be loaded before the command runs
   * @param idempotent whether a call that failed may be retried
   */
  public record Command(Value callable, boolean loads, boolean idempotent) {}

  private final String framework;
  private final Value bridge;
  private final Map<String, Command> commands = new HashMap<>();

  /**
   * Creates the table of one bridge.
   *
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
   * Returns a command.
   *
   * @throws UnknownCommandException when no command has that name; the exception lists the known
   *     names
   */
  public Command get(String name) {
    Command command = commands.get(name);
    if (command == null) {
      throw new UnknownCommandException(framework, name, commands.keySet());
    }
    return command;
  }

  /**
   * Returns whether the command needs the framework; a command that does not exist does not.
   * Thread-safe.
   */
  public boolean loads(String name) {
    Command command = commands.get(name);
    return command != null && command.loads();
  }

  /** Returns whether the command may be run again after it failed. Thread-safe. */
  public boolean isIdempotent(String name) {
    Command command = commands.get(name);
    return command != null && command.idempotent();
  }

  /** Imports the framework itself, unless it is imported already. */
  public void ensureFramework() {
    bridge.invokeMember("_ensure_framework");
  }
}
