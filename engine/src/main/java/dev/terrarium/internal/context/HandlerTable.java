package dev.terrarium.internal.context;

import dev.terrarium.error.UnknownCommandException;
import dev.terrarium.internal.value.Suggestion;
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
   * The handler of one command.
   *
   * @param callable the Python function
   * @param needsLoad whether the framework must be loaded before the command runs
   * @param idempotent whether a call that failed may be retried
   */
  public record Handler(Value callable, boolean needsLoad, boolean idempotent) {}

  private final String framework;
  private final Value bridge;
  private final Map<String, Handler> handlers = new HashMap<>();

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
      handlers.put(
          flat.getArrayElement(i).asString(),
          new Handler(
              flat.getArrayElement(i + 1),
              flat.getArrayElement(i + 2).asBoolean(),
              flat.getArrayElement(i + 3).asBoolean()));
    }
  }

  /**
   * Returns the handler of a command.
   *
   * @throws UnknownCommandException when no command has that name; the exception lists the known
   *     names
   */
  public Handler get(String name) {
    Handler handler = handlers.get(name);
    if (handler == null) {
      String nearest = Suggestion.to(name, handlers.keySet()).orElse(null);
      throw new UnknownCommandException(framework, name, nearest, handlers.keySet());
    }
    return handler;
  }

  /**
   * Returns whether the command needs the framework; a command that does not exist does not.
   * Thread-safe.
   */
  public boolean needsLoad(String name) {
    Handler handler = handlers.get(name);
    return handler != null && handler.needsLoad();
  }

  /** Returns whether the command may be run again after it failed. Thread-safe. */
  public boolean isIdempotent(String name) {
    Handler handler = handlers.get(name);
    return handler != null && handler.idempotent();
  }

  /** Imports the framework itself, unless it is imported already. */
  public void ensureFramework() {
    bridge.invokeMember("_ensure_framework");
  }
}
