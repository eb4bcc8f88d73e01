package dev.terrarium.internal.resource;

import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.error.SessionBusyException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One call's turn in a session: a place in the session's queue, and then the session's state for
 * that call alone. A state that the call puts is kept when the turn succeeds and is closed;
 * otherwise it is lost. A call within the call has a turn within this turn, which reads what this
 * turn put, and adds to it when it succeeds. Thread-safe.
 */
public final class SessionTurn implements AutoCloseable {

  private final Sessions sessions;
  private final String session;
  private final @Nullable SessionTurn outer;
  private final CountDownLatch begun = new CountDownLatch(1);

  /** The call's name in messages, once the call has asked for its turn. */
  private volatile String call = "a call";

  /**
   * The time at which the call began to run, by {@link System#nanoTime}; null while the call waits.
   */
  private volatile @Nullable Long startedAt;

  /** The session's state; null until the call reads or puts it. Guarded by {@code this}. */
  private @Nullable SessionState state;

  private boolean changed;
  private boolean over;

  SessionTurn(Sessions sessions, String session, @Nullable SessionTurn outer) {
    this.sessions = sessions;
    this.session = session;
    this.outer = outer;
    if (outer != null) {
      begin();
    }
  }

  /** Returns the session's id. */
  public String session() {
    return session;
  }

  boolean isOf(Sessions other, String id) {
    return sessions == other && session.equals(id);
  }

  /** Begins the turn. */
  void begin() {
    begun.countDown();
  }

  boolean hasBegun() {
    return begun.getCount() == 0;
  }

  /**
   * Waits for the turn to begin.
   *
   * @param timeout maximum time to wait; null for no deadline
   * @param what the call's name in messages
   * @throws CallTimeoutException when the timeout passes first
   * @throws SessionBusyException when one earlier call runs for longer than the sessions' patience
   *     meanwhile
   * @throws CallInterruptedException when the calling thread is interrupted, whose interrupt flag
   *     is set again
   * @throws NestedCallException when waiting within a call, whose context would be held meanwhile
   * @throws LimitExceededException when the session is new and the number of sessions is at its
   *     limit
   */
  public void await(@Nullable Duration timeout, String what) {
    call = what;
    if (!hasBegun() && CallScope.current().isPresent()) {
      throw new NestedCallException(
          ("The call of %s, from within a call, would wait for its turn in the session '%s', and to"
                  + " wait there could last for ever (turns before it: %d). Call from a thread of"
                  + " your own, or in the session of the call around it.")
              .formatted(what, session, sessions.turnsBefore(this)));
    }
    long came = System.nanoTime();
    long most = timeout == null ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(timeout);
    long patience = TimeUnit.NANOSECONDS.convert(sessions.patience());
    long next = Math.min(most, patience);
    try {
      while (!begun.await(next, TimeUnit.NANOSECONDS)) {
        long waited = System.nanoTime() - came;
        SessionTurn holder = sessions.holder(this);
        long behind = Math.min(waited, holder.running());
        if (waited >= most) {
          throw new CallTimeoutException(
              ("The deadline of %s passed while the call of %s waited for its turn in the session"
                      + " '%s' (turns before it: %d).")
                  .formatted(timeout, what, session, sessions.turnsBefore(this)));
        }
        if (behind >= patience) {
          throw new SessionBusyException(
              ("The call of %s did not get its turn in the session '%s' within %s (turns before it:"
                      + " %d; %s has run for %s). Give the session's calls a deadline, or raise the"
                      + " borrow time-out.")
                  .formatted(
                      what,
                      session,
                      sessions.patience(),
                      sessions.turnsBefore(this),
                      holder.call,
                      Duration.ofNanos(holder.running()).truncatedTo(ChronoUnit.MILLIS)));
        }
        next = Math.min(most - waited, patience - behind);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(
          "Interrupted while the call of "
              + what
              + " waited for its turn in the session '"
              + session
              + "'.",
          e);
    }
    if (outer == null) {
      sessions.checkRoomFor(session);
    }
  }

  /**
   * Marks the time at which the call begins to run; what the call waited for until then has a
   * time-out of its own. A second mark changes nothing.
   */
  public void start() {
    if (startedAt == null) {
      startedAt = System.nanoTime();
    }
  }

  /** Returns for how many nanoseconds the call has run. */
  private long running() {
    Long started = startedAt;
    return started == null ? 0 : System.nanoTime() - started;
  }

  /**
   * Returns the session's state, as it was last put; empty at first. Callers must not change it.
   */
  public Map<String, @Nullable Object> state() {
    return current().data();
  }

  private synchronized SessionState current() {
    SessionState known = state;
    if (known == null) {
      known = outer == null ? sessions.stored(session) : outer.current();
      state = known;
    }
    return known;
  }

  /**
   * Replaces the session's state.
   *
   * @param data plain data by name, which is copied
   * @throws LimitExceededException when the state exceeds the maximum size of a session
   * @throws CallInterruptedException when the turn is over, as that of a call that was given up
   */
  public void put(Map<?, ?> data) {
    SessionState given = SessionState.of(data);
    sessions.checkSize(session, given);
    put(given);
  }

  private synchronized void put(SessionState given) {
    if (over) {
      throw new CallInterruptedException(
          "The turn in the session '" + session + "' is over, and its state can no longer be put.");
    }
    state = given;
    changed = true;
  }

  /** Returns an action that restores the present state, for a part of the call that fails. */
  public synchronized Runnable savepoint() {
    SessionState before = state;
    boolean changedBefore = changed;
    return () -> restore(before, changedBefore);
  }

  private synchronized void restore(@Nullable SessionState before, boolean changedBefore) {
    if (!over) {
      state = before;
      changed = changedBefore;
    }
  }

  synchronized boolean isOver() {
    return over;
  }

  /**
   * Stores the state that was put last.
   *
   * @throws LimitExceededException when the session is new, and the number of sessions is at its
   *     limit by now
   */
  public void succeed() {
    SessionState last;
    synchronized (this) {
      last = changed ? state : null;
      over = true;
    }
    if (last != null) {
      if (outer == null) {
        sessions.store(session, last);
      } else {
        outer.put(last);
      }
    }
  }

  /** Ends the turn, or leaves the queue. Closing a second time does nothing. */
  @Override
  public void close() {
    synchronized (this) {
      over = true;
    }
    if (outer == null) {
      sessions.leave(this);
    }
  }
}
