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
 * The state of conversations, which any context may continue: plain data by session id. Calls of
 * one session take turns in the order in which they came, before they borrow a context. A session
 * needs no opening, and is forgotten when it lies idle. Thread-safe.
 */
public final class Sessions {

  private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private final SessionLimits limits;
  private final Duration patience;
  private final Cache<String, SessionState> states;

  /** Those who have or want a turn, by session, in order. Guarded by itself. */
  private final Map<String, List<SessionTurn>> queues = new HashMap<>();

  /**
   * @param patience how long a call waits for its turn behind one that runs
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

  /** Whether a call has or wants a turn: the session is not idle. */
  private boolean isInUse(String session) {
    synchronized (queues) {
      return queues.containsKey(session);
    }
  }

  /** A place in the queue of a session; within a call of that session, a turn within its turn. */
  public SessionTurn turn(String session) {
    return turns(session).get();
  }

  /** As {@link #turn}, for calls that are made on other threads on behalf of this one. */
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
          queue.getFirst().begin(); // twice is once
        }
      }
    }
    SessionState unused = stored(turn.session()); // from now on it may be idle
  }

  int turnsBefore(SessionTurn turn) {
    synchronized (queues) {
      return Math.max(0, queues.getOrDefault(turn.session(), List.of()).indexOf(turn));
    }
  }

  Duration patience() {
    return patience;
  }

  /** The turn that it is, which others of its session wait for. */
  SessionTurn holder(SessionTurn waiting) {
    synchronized (queues) {
      return queues.getOrDefault(waiting.session(), List.of(waiting)).getFirst();
    }
  }

  /**
   * What the session's last turn that succeeded left; empty when there was none, or too long ago.
   */
  public Map<String, @Nullable Object> state(String session) {
    return stored(session).copy();
  }

  SessionState stored(String session) {
    SessionState state = states.getIfPresent(session);
    return state == null ? SessionState.EMPTY : state;
  }

  /** Keeps a state; an empty one is none. */
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

  /** Forgets a session's state. A turn that has begun goes on with what it has read. */
  public void forget(String session) {
    states.invalidate(session);
  }

  /** How many sessions have a state. */
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
