package dev.terrarium.spi;

import dev.terrarium.Command;
import dev.terrarium.error.ArgumentException;
import org.jspecify.annotations.Nullable;

/**
 * A command that Java may be able to answer without Python. A shortcut runs on the calling thread,
 * or on a virtual thread if it has a deadline, as a call of its framework: in its turn of a
 * session, admitted as other calls are, on the caller's account. A shortcut holds no context,
 * unless it hands over to Python. Must be thread-safe if several threads use it.
 */
@FunctionalInterface
public interface Shortcut {

  /**
   * The host functions that Python code could call, such as {@code model.generate}. Thread-safe. A
   * shortcut may keep its host, but a function that is called outside of a call is on no account.
   */
  interface Host {

    /**
     * Calls a host function.
     *
     * @throws dev.terrarium.error.ArgumentException when no function has that name
     */
    @Nullable Object call(String service, @Nullable Object... arguments);
  }

  /** The outcome of an attempt. */
  sealed interface Outcome {}

  /** The outcome of an attempt that Java answered. */
  record Answered(@Nullable Object result) implements Outcome {}

  /**
   * The outcome of an attempt that needs Python: this command is run in a context, in the same
   * call.
   */
  record HandedOver(Command<?> command) implements Outcome {

    public HandedOver {
      if (command.shortcut() != null) {
        throw new ArgumentException("HandedOver: a shortcut hands over to a command of Python's.");
      }
    }
  }

  /** Answers the command, or hands over to Python; an exception fails the call. */
  Outcome attempt(Host host);

  /**
   * Returns whether the shortcut can safely be attempted again after it failed, or after the
   * command that it handed over to failed, as {@code Retry} may do.
   */
  default boolean isIdempotent() {
    return false;
  }
}
