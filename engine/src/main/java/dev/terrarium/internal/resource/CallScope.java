package dev.terrarium.internal.resource;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The call that a carrier works for, as seen by the code that the call reaches: Java functions that
 * Python calls, language models, caches. A scope is bound while the carrier is in the call; a call
 * within the call has a scope of its own. Threads that Python starts have no scope. Thread-safe.
 */
public final class CallScope {

  private static final ScopedValue<CallScope> CURRENT = ScopedValue.newInstance();

  private final String framework;
  private final @Nullable String callerKey;
  private final LongConsumer tokens;
  private final @Nullable SessionTurn turn;
  private final @Nullable SpanWatch spans;
  private final Set<Runnable> endings = new LinkedHashSet<>();
  private boolean over;

  /** Creates the scope of a call in no session, whose tokens are not counted. */
  public CallScope(String framework, @Nullable String callerKey) {
    this(framework, callerKey, count -> {}, null, null);
  }

  /**
   * Creates the scope of a call.
   *
   * @param framework the framework whose command is called
   * @param callerKey the key of the account on which the call is made, or null
   * @param tokens receives the number of tokens that a language model read and wrote for the call
   * @param turn the turn of the session that the call is part of, or null
   * @param spans reports the call's spans, or null when nobody observes them
   */
  public CallScope(
      String framework,
      @Nullable String callerKey,
      LongConsumer tokens,
      @Nullable SessionTurn turn,
      @Nullable SpanWatch spans) {
    this.framework = framework;
    this.callerKey = callerKey;
    this.tokens = tokens;
    this.turn = turn;
    this.spans = spans;
  }

  /** Returns the innermost call of this thread; empty outside of calls. */
  public static Optional<CallScope> current() {
    return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
  }

  /**
   * Returns the work as a part of this thread's call, for another thread to run; returns the work
   * unchanged outside of calls. The call does not wait for the work: a caller stops it by {@link
   * #onEnd}.
   */
  public static Runnable carry(Runnable work) {
    return current()
        .<Runnable>map(scope -> () -> ScopedValue.where(CURRENT, scope).run(work))
        .orElse(work);
  }

  public String framework() {
    return framework;
  }

  /** Returns the key of the account on which the call is made. */
  public Optional<String> callerKey() {
    return Optional.ofNullable(callerKey);
  }

  /** Counts tokens that a language model read and wrote for the call. */
  public void usedTokens(long count) {
    tokens.accept(count);
  }

  /** Returns the call's turn in its session; empty without a session. */
  public Optional<SessionTurn> turn() {
    return Optional.ofNullable(turn);
  }

  /** Returns what reports the call's spans; empty when nobody observes them. */
  public Optional<SpanWatch> spans() {
    return Optional.ofNullable(spans);
  }

  /**
   * Registers an action that runs when the call has ended, failed or was stopped; if it has
   * already, the action runs at once. An exception of the action is logged.
   */
  public void onEnd(Runnable action) {
    synchronized (endings) {
      if (!over) {
        endings.add(action);
        return;
      }
    }
    action.run();
  }

  /** Removes an action, which need not run any more. */
  public void forget(Runnable action) {
    synchronized (endings) {
      endings.remove(action);
    }
  }

  /**
   * Runs the call on this thread, and then the actions registered for its end, the latest first.
   */
  public void run(Runnable call) {
    try {
      ScopedValue.where(CURRENT, this).run(call);
    } finally {
      end();
    }
  }

  /** Runs a call with a result as {@link #run} does. */
  public <T> T call(Supplier<T> call) {
    try {
      return ScopedValue.where(CURRENT, this).call(call::get);
    } finally {
      end();
    }
  }

  private void end() {
    List<Runnable> actions;
    synchronized (endings) {
      over = true;
      actions = new ArrayList<>(endings).reversed();
    }
    for (Runnable action : actions) {
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        System.getLogger("terrarium.call").log(Level.WARNING, "What ends with a call failed.", e);
      }
    }
  }
}
