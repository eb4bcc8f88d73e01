package dev.terrarium;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.config.ConfigCheck;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The options of one call: deadline, caller's key, session, observer of spans, and whether a
 * failure stops other calls. Immutable.
 */
public final class CallOptions {

  private static final CallOptions DEFAULTS =
      new CallOptions(null, null, null, false, SpanDetail.OFF, null);

  private final @Nullable Duration deadline;
  private final @Nullable String callerKey;
  private final @Nullable String session;
  private final boolean stopsOnFailure;
  private final SpanDetail spanDetail;
  private final @Nullable TerrariumObserver spanObserver;

  private CallOptions(
      @Nullable Duration deadline,
      @Nullable String callerKey,
      @Nullable String session,
      boolean stopsOnFailure,
      SpanDetail spanDetail,
      @Nullable TerrariumObserver spanObserver) {
    this.deadline = deadline;
    this.callerKey = callerKey;
    this.session = session;
    this.stopsOnFailure = stopsOnFailure;
    this.spanDetail = spanDetail;
    this.spanObserver = spanObserver;
  }

  /**
   * Returns the defaults: no deadline, no caller's key, no session, and one failure does not stop
   * other calls.
   */
  public static CallOptions ofDefaults() {
    return DEFAULTS;
  }

  /** Returns the defaults with a deadline; see {@link #withDeadline}. */
  public static CallOptions deadline(Duration deadline) {
    return DEFAULTS.withDeadline(deadline);
  }

  /**
   * Returns these options with a deadline, counted from the start of the call. The call is answered
   * by then, waiting and loading included: with its result, or with a {@link
   * dev.terrarium.error.CallTimeoutException}. In the latter case its Python code is stopped; a
   * framework that is being loaded for the call goes on loading.
   *
   * @throws ConfigurationException when the time is not above zero
   */
  public CallOptions withDeadline(Duration time) {
    ConfigCheck.aboveZero("deadline", time);
    return new CallOptions(time, callerKey, session, stopsOnFailure, spanDetail, spanObserver);
  }

  /**
   * Returns these options with the key of the account on which the call is made, such as a tenant's
   * name. Calls within the call are made on the same account, unless they name another.
   *
   * @throws ConfigurationException when the key is blank
   */
  public CallOptions withCallerKey(String key) {
    if (key.isBlank()) {
      throw new ConfigurationException("callerKey: the key is blank");
    }
    return new CallOptions(deadline, key, session, stopsOnFailure, spanDetail, spanObserver);
  }

  /**
   * Returns these options with the session of which the call is a turn. The call's handler finds
   * the state that the last turn left, and leaves a state for the next turn if the call succeeds.
   * Turns of one session run one after another, in the order of the calls; a call that waits for
   * its turn holds no context, and its deadline counts. A batch, and a stream, is one turn; calls
   * within a call in the same session are part of its turn.
   *
   * @param id of a conversation, such as a user's; a session needs no opening
   * @throws ConfigurationException when the id is blank
   * @see Terrarium#session
   */
  public CallOptions withSession(String id) {
    if (id.isBlank()) {
      throw new ConfigurationException("session: the id is blank");
    }
    return new CallOptions(deadline, callerKey, id, stopsOnFailure, spanDetail, spanObserver);
  }

  /**
   * Returns these options with which {@code batch} and {@code callAll} start no further call after
   * the first failure.
   */
  public CallOptions withStopOnFailure() {
    return new CallOptions(deadline, callerKey, session, true, spanDetail, spanObserver);
  }

  /**
   * Returns these options with an observer of the call's spans: the parts of the framework's work,
   * such as the modules, tools and requests to language models of a program. The observer receives
   * {@link dev.terrarium.event.TerrariumEvent.SpanStarted} and {@link
   * dev.terrarium.event.TerrariumEvent.SpanEnded} of this call and of calls within it on its
   * thread, and nothing else. A framework that knows no spans reports none.
   *
   * @throws ConfigurationException when the detail is {@code OFF}
   */
  public CallOptions withSpans(SpanDetail detail, TerrariumObserver observer) {
    if (detail == SpanDetail.OFF) {
      throw new ConfigurationException("spans: an observer needs TIMES or CONTENT, not OFF");
    }
    return new CallOptions(
        deadline,
        callerKey,
        session,
        stopsOnFailure,
        detail,
        Objects.requireNonNull(observer, "observer"));
  }

  /**
   * Returns the deadline, counted from the start of the call; empty when the call may take any
   * time.
   */
  public Optional<Duration> deadline() {
    return Optional.ofNullable(deadline);
  }

  /** Returns the key of the account on which the call is made; empty for no account. */
  public Optional<String> callerKey() {
    return Optional.ofNullable(callerKey);
  }

  /** Returns the id of the session of which the call is a turn; empty for no session. */
  public Optional<String> session() {
    return Optional.ofNullable(session);
  }

  /**
   * Returns whether {@code batch} and {@code callAll} start no further call after the first
   * failure.
   */
  public boolean stopsOnFailure() {
    return stopsOnFailure;
  }

  /** Returns how much is reported to the observer of the call's spans; {@code OFF} without one. */
  public SpanDetail spanDetail() {
    return spanDetail;
  }

  /** Returns the observer of the call's spans; empty for none. */
  public Optional<TerrariumObserver> spanObserver() {
    return Optional.ofNullable(spanObserver);
  }
}
