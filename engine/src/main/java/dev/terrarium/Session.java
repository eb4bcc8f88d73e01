package dev.terrarium;

import dev.terrarium.internal.resource.Sessions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation, whose state each turn leaves for the next, in whichever context that runs. A
 * session needs no opening, and is forgotten when it has been idle for {@link
 * TerrariumConfig#sessionTtl()}. Thread-safe.
 *
 * <pre>{@code
 * Session session = terrarium.session("user-42");
 * terrarium.call("words", "next", Map.of("text", "hello"), session.options());
 * Map<String, Object> state = session.state();
 * }</pre>
 *
 * The handler reads and replaces the state by the Python module {@code terrarium.bridge.session}.
 */
public final class Session {

  private final Sessions sessions;
  private final CallOptions options;

  Session(Sessions sessions, CallOptions options) {
    this.sessions = sessions;
    this.options = options;
  }

  public String id() {
    return options.session().orElseThrow();
  }

  /**
   * Returns options that make a call a turn of this session, and to which a deadline and the like
   * can be added.
   */
  public CallOptions options() {
    return options;
  }

  /**
   * Returns the state that the last successful turn left: plain data by name, unmodifiable. The
   * state is empty when no turn succeeded, or when the session was forgotten.
   */
  public Map<String, @Nullable Object> state() {
    return sessions.state(id());
  }

  /** Drops the state. A turn that has already read the state goes on with it. */
  public void forget() {
    sessions.forget(id());
  }
}
