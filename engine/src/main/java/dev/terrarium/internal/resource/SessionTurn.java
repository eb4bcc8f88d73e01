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
 * One call's turn in a session: a place in its queue, then the session's state for the call alone.
 * What is put lasts when the turn succeeds and is closed, and else is lost. A call within the call
 * has a turn within this one, which reads what this one put, and adds to it when it succeeds.
 * Thread-safe.
 */
public final class SessionTurn implements AutoCloseable {

  private final Sessions sessions;
  private final String session;
  private final @Nullable SessionTurn outer;
  private final CountDownLatch begun = new CountDownLatch(1);

  /** Names the call in messages, once it has asked for its turn. */
  private volatile String call = "a call";

  /** When its call began to run, by {@link System#nanoTime}; null while that waits. */
  private volatile @Nullable Long startedAt;

  /** Null until it is read or put. Guarded by this. */
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

  /** The session's id. */
  public String session() {
    return session;
  }

  boolean isOf(Sessions other, String id) {
    return sessions == other && session.equals(id);
  }

  /** It is its turn. */
  void begin() {
    begun.countDown();
  }

  boolean hasBegun() {
    return begun.getCount() == 0;
  }

  /**
   * Waits until it is its turn.
   *
   * @param timeout how long at most; null for no limit of its own
   * @param what names the call in messages
   * @throws CallTimeoutException when it takes longer than that
   * @throws SessionBusyException when one call before it runs for longer than the sessions'
   *     patience meanwhile
   * @throws CallInterruptedException when the calling thread is interrupted, whose flag is set
   *     again
   * @throws NestedCallException from within a call, whose context would be held meanwhile
   * @throws LimitExceededException when the session is new and there may be no more
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

  /** The call begins to run: what it waited for has a limit of its own. Twice is once. */
  public void start() {
    if (startedAt == null) {
      startedAt = System.nanoTime();
    }
  }

  /** For how many nanoseconds its call has run. */
  private long running() {
    Long started = startedAt;
    return started == null ? 0 : System.nanoTime() - started;
  }

  /** The session's state, as it was last put; empty at first. Not to be changed. */
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
   * @throws LimitExceededException when it is larger than a session's may be
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

  /** What puts back the state that is now, for a part of the call that fails. */
  public synchronized Runnable savepoint() {
    SessionState before = state;
    boolean changedBefore = changed;
    return () -> putBack(before, changedBefore);
  }

  private synchronized void putBack(@Nullable SessionState before, boolean changedBefore) {
    if (!over) {
      state = before;
      changed = changedBefore;
    }
  }

  synchronized boolean isOver() {
    return over;
  }

  /**
   * Has what was put last.
   *
   * @throws LimitExceededException when the session is new, and meanwhile there may be no more
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

  /** Ends the turn, or leaves the queue. Twice is once. */
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
