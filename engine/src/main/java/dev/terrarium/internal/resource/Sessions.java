package dev.terrarium.internal.resource;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.error.LimitExceededException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a Terrarium: plain data by session id, with which any context may continue. Calls
 * of one session take turns in the order in which they came, before they acquire a context. A
 * session needs no opening, and is forgotten when it has been idle for its time to live.
 * Thread-safe.
 */
public final class Sessions {

  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private final SessionLimits limits;
  private final Duration patience;
  private final Cache<String, SessionState> states;

  /** The turns that have begun or wait, by session, in order. Guarded by the map itself. */
  private final Map<String, List<SessionTurn>> queues = new HashMap<>();

  /**
   * Creates the sessions of one Terrarium.
   *
   * @param patience how long a call waits for its turn behind a call that runs
   */
  public Sessions(SessionLimits limits, Duration patience) {
    this(limits, patience, Ticker.systemTicker());
  }

  Sessions(SessionLimits limits, Duration patience, Ticker ticker) {
    this.limits = limits;
    this.patience = patience;
    states =
        Caffeine.newBuilder()
            .expireAfter(
                Expiry.<String, SessionState>accessing(
                    (session, state) -> isInUse(session) ? FOR_EVER : limits.ttl()))
            .ticker(ticker)
            .executor(Runnable::run)
            .build();
  }

  /** Returns whether a call has or waits for a turn, so that the session is not idle. */
  private boolean isInUse(String session) {
    synchronized (queues) {
      return queues.containsKey(session);
    }
  }

  /**
   * Returns a turn that queues in a session or, within a call of that session, is part of that
   * call's turn.
   */
  public SessionTurn turn(String session) {
    return turns(session).get();
  }

  /**
   * Returns a supplier of turns as {@link #turn} returns them, for calls that are made on other
   * threads on behalf of this thread's call.
   */
  public Supplier<SessionTurn> turns(String session) {
    SessionTurn outer =
        CallScope.current()
            .flatMap(CallScope::turn)
            .filter(turn -> turn.isOf(this, session))
            .orElse(null);
    return () ->
        outer == null || outer.isOver() ? enqueue(session) : new SessionTurn(this, session, outer);
  }

  private SessionTurn enqueue(String session) {
    SessionTurn turn = new SessionTurn(this, session, null);
    synchronized (queues) {
      List<SessionTurn> queue = queues.computeIfAbsent(session, key -> new ArrayList<>());
      queue.add(turn);
      if (queue.size() == 1) {
        turn.begin();
      }
    }
    return turn;
  }

  void leave(SessionTurn turn) {
    synchronized (queues) {
      List<SessionTurn> queue = queues.get(turn.session());
      if (queue != null && queue.remove(turn)) {
        if (queue.isEmpty()) {
          queues.remove(turn.session());
        } else {
          queue.getFirst().begin(); // leaving a second time does nothing
        }
      }
    }
    SessionState unused = stored(turn.session()); // the session's idle time may begin now
  }

  int turnsBefore(SessionTurn turn) {
    synchronized (queues) {
      return Math.max(0, queues.getOrDefault(turn.session(), List.of()).indexOf(turn));
    }
  }

  Duration patience() {
    return patience;
  }

  /** Returns the turn that is running, for which the others of its session wait. */
  SessionTurn holder(SessionTurn waiting) {
    synchronized (queues) {
      return queues.getOrDefault(waiting.session(), List.of(waiting)).getFirst();
    }
  }

  /**
   * Returns the state that the session's last successful turn left; empty when there was none, or
   * when the session was forgotten.
   */
  public Map<String, @Nullable Object> state(String session) {
    return stored(session).copy();
  }

  SessionState stored(String session) {
    SessionState state = states.getIfPresent(session);
    return state == null ? SessionState.EMPTY : state;
  }

  /** Stores a state; an empty state is removed. */
  void store(String session, SessionState state) {
    if (state.data().isEmpty()) {
      forget(session);
      return;
    }
    synchronized (states) {
      checkRoomFor(session);
      states.put(session, state);
    }
  }

  /** Forgets a session's state. A turn that has begun goes on with the state that it has read. */
  public void forget(String session) {
    states.invalidate(session);
  }

  /** Returns the number of sessions that have a state. */
  public long count() {
    states.cleanUp();
    return states.estimatedSize();
  }

  void checkRoomFor(String session) {
    if (states.getIfPresent(session) == null
        && states.estimatedSize() >= limits.maxSessions()
        && count() >= limits.maxSessions()) {
      throw new LimitExceededException(
          ("The session '%s' would be one more than the %d that may have a state at a time. Forget"
                  + " some, have them expire sooner than after %s (sessionTtl), or raise"
                  + " maxSessions.")
              .formatted(session, limits.maxSessions(), limits.ttl()));
    }
  }

  void checkSize(String session, SessionState state) {
    if (state.bytes() > limits.maxBytes()) {
      throw new LimitExceededException(
          ("The state of the session '%s' would have %d bytes, and may have %d. Keep less of it, or"
                  + " raise maxSessionBytes.")
              .formatted(session, state.bytes(), limits.maxBytes()));
    }
  }
}
