package dev.terrarium;

import dev.terrarium.internal.resource.Sessions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation: state that the turns of one id leave for each other, in any context. Needs no
 * opening, and is forgotten when it has lain idle for {@link TerrariumConfig#sessionTtl()}.
 * Thread-safe.
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

  /** What makes a call a turn of this session; add a deadline and the like. */
  public CallOptions options() {
    return options;
  }

  /**
   * What the last turn that succeeded left: plain data by name. Empty when none did, or the session
   * was forgotten. Cannot be changed.
   */
  public Map<String, @Nullable Object> state() {
    return sessions.state(id());
  }

  /** Drops the state. A turn that has read it already goes on with it. */
  public void forget() {
    sessions.forget(id());
  }
}
