package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a caller asks of one call. Immutable. */
public final class CallOptions {

  private static final CallOptions DEFAULTS = new CallOptions(null, null, null, false);

  private final @Nullable Duration deadline;
  private final @Nullable String callerKey;
  private final @Nullable String session;
  private final boolean stopsOnFailure;

  private CallOptions(
      @Nullable Duration deadline,
      @Nullable String callerKey,
      @Nullable String session,
      boolean stopsOnFailure) {
    this.deadline = deadline;
    this.callerKey = callerKey;
    this.session = session;
    this.stopsOnFailure = stopsOnFailure;
  }

  /** No deadline, on nobody's account, in no session, and one failure does not stop other calls. */
  public static CallOptions ofDefaults() {
    return DEFAULTS;
  }

  /** The defaults with a deadline; see {@link #withDeadline}. */
  public static CallOptions deadline(Duration deadline) {
    return DEFAULTS.withDeadline(deadline);
  }

  /**
   * The call is answered within that time of its start, waiting and loading included: by its
   * result, or by a {@link dev.terrarium.error.CallTimeoutException}. Its Python code is stopped
   * then; a framework that is being loaded for it goes on loading.
   *
   * @throws ConfigurationException when the time is not above zero
   */
  public CallOptions withDeadline(Duration time) {
    if (!time.isPositive()) {
      throw new ConfigurationException("deadline: " + time + " is not above zero");
    }
    return new CallOptions(time, callerKey, session, stopsOnFailure);
  }

  /**
   * The call is made on this account, such as a tenant's name; calls within it too, unless they
   * name another.
   *
   * @throws ConfigurationException when the key is blank
   */
  public CallOptions withCallerKey(String key) {
    if (key.isBlank()) {
      throw new ConfigurationException("callerKey: the key is blank");
    }
    return new CallOptions(deadline, key, session, stopsOnFailure);
  }

  /**
   * The call is a turn of this session: its handler finds the state that the last turn left, and
   * leaves one for the next if the call succeeds. Turns of one session come one after another, in
   * the order of the calls; who waits for one holds no context, and a deadline counts. A batch, and
   * a stream, is one turn; calls within a call in the same session are part of its turn.
   *
   * @param id of a conversation, such as a user's; a session needs no opening
   * @throws ConfigurationException when the id is blank
   * @see Terrarium#session
   */
  public CallOptions withSession(String id) {
    if (id.isBlank()) {
      throw new ConfigurationException("session: the id is blank");
    }
    return new CallOptions(deadline, callerKey, id, stopsOnFailure);
  }

  /** {@code batch} and {@code callAll} begin nothing more after the first failure. */
  public CallOptions withStopOnFailure() {
    return new CallOptions(deadline, callerKey, session, true);
  }

  /** The time from the start of the call; empty for as long as it takes. */
  public Optional<Duration> deadline() {
    return Optional.ofNullable(deadline);
  }

  /** On whose account the call is made; empty for nobody's. */
  public Optional<String> callerKey() {
    return Optional.ofNullable(callerKey);
  }

  /** The session that the call is a turn of; empty for none. */
  public Optional<String> session() {
    return Optional.ofNullable(session);
  }

  /** Whether the first failure of many calls is the last. */
  public boolean stopsOnFailure() {
    return stopsOnFailure;
  }
}
