package dev.terrarium.spi;

import dev.terrarium.Command;
import dev.terrarium.error.ArgumentException;
import org.jspecify.annotations.Nullable;

/**
 * A command that Java may be able to answer by itself. It runs on the calling thread, or with a
 * deadline on a virtual one, as a call of its framework: in its turn of a session, let in by
 * admission, on the caller's account. It holds no context, unless it hands over to Python. Must be
 * thread-safe if several threads use it.
 */
@FunctionalInterface
public interface Shortcut {

  /**
   * What Python code could call, such as {@code model.generate}. Thread-safe; it may be kept, but
   * what is called outside of a call is on nobody's account.
   */
  interface Host {

    /**
     * Calls a function of the host.
     *
     * @throws dev.terrarium.error.ArgumentException when there is none of that name
     */
    @Nullable Object call(String service, @Nullable Object... arguments);
  }

  /** What came of it. */
  sealed interface Outcome {}

  /** It is answered. */
  record Answered(@Nullable Object result) implements Outcome {}

  /** It takes Python: this command is run in a context, in the same call. */
  record HandedOver(Command<?> command) implements Outcome {

    public HandedOver {
      if (command.shortcut() != null) {
        throw new ArgumentException("HandedOver: a shortcut hands over to a command of Python's.");
      }
    }
  }

  /** Answers, or hands over; what it throws fails the call. */
  Outcome attempt(Host host);

  /**
   * Whether it does no harm to attempt it again after it failed, or what it handed over to did, as
   * {@code Retry} may want.
   */
  default boolean isIdempotent() {
    return false;
  }
}
