package dev.terrarium.internal.call;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.SessionTurn;
import dev.terrarium.spi.HostFunction;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The host functions by which Python code uses the call's session: {@code session.get() -> dict |
 * None} and {@code session.put(state: dict)}. Threads that Python starts are not part of a call.
 */
public final class SessionFunctions {

  private SessionFunctions() {}

  public static Map<String, HostFunction> all() {
    return Map.of("session.get", SessionFunctions::get, "session.put", SessionFunctions::put);
  }

  private static Optional<SessionTurn> turn() {
    return CallScope.current().flatMap(CallScope::turn);
  }

  private static @Nullable Object get(List<@Nullable Object> arguments) {
    return turn().map(SessionTurn::state).orElse(null);
  }

  private static @Nullable Object put(List<@Nullable Object> arguments) {
    if (arguments.size() != 1 || !(arguments.getFirst() instanceof Map<?, ?> state)) {
      throw new ConversionException("session.put", "expected one dict, the state");
    }
    turn()
        .orElseThrow(
            () ->
                new ArgumentException(
                    "session.put: the call is in no session. Make it in one, by"
                        + " CallOptions.withSession."))
        .put(state);
    return null;
  }
}
