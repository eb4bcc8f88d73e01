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
 * The call that a carrier works for, as what the call reaches sees it: Java functions that Python
 * calls, language models, caches. Bound for as long as the carrier is in the call; a call within it
 * has a scope of its own. Threads that Python starts have none. Thread-safe.
 */
public final class CallScope {

  private static final ScopedValue<CallScope> CURRENT = ScopedValue.newInstance();

  private final String framework;
  private final @Nullable String callerKey;
  private final LongConsumer tokens;
  private final @Nullable SessionTurn turn;
  private final Set<Runnable> endings = new LinkedHashSet<>();
  private boolean over;

  /** Of a call in no session, whose tokens nobody counts. */
  public CallScope(String framework, @Nullable String callerKey) {
    this(framework, callerKey, count -> {}, null);
  }

  /**
   * @param framework whose command is called
   * @param callerKey on whose account, if the caller said so
   * @param tokens told how many tokens a language model read and wrote for the call
   * @param turn that of the session that the call is part of, if it is
   */
  public CallScope(
      String framework,
      @Nullable String callerKey,
      LongConsumer tokens,
      @Nullable SessionTurn turn) {
    this.framework = framework;
    this.callerKey = callerKey;
    this.tokens = tokens;
    this.turn = turn;
  }

  /** The innermost call of this thread; empty outside calls. */
  public static Optional<CallScope> current() {
    return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
  }

  /**
   * The work as a part of this thread's call, for another thread to run; unchanged outside calls.
   * The call does not wait for it: who starts it has it stopped by {@link #onEnd}.
   */
  public static Runnable carry(Runnable work) {
    return current()
        .<Runnable>map(scope -> () -> ScopedValue.where(CURRENT, scope).run(work))
        .orElse(work);
  }

  public String framework() {
    return framework;
  }

  /** On whose account the call is made. */
  public Optional<String> callerKey() {
    return Optional.ofNullable(callerKey);
  }

  /** Says that a language model read and wrote so many tokens for the call. */
  public void usedTokens(long count) {
    tokens.accept(count);
  }

  /** The turn that the call has in its session; empty without one. */
  public Optional<SessionTurn> turn() {
    return Optional.ofNullable(turn);
  }

  /**
   * Has the action run when the call is over: ended, failed or stopped. At once when it is already.
   * What it throws is logged.
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

  /** The action need not run any more. */
  public void forget(Runnable action) {
    synchronized (endings) {
      endings.remove(action);
    }
  }

  /** Runs the call on this thread, and then what waits for its end, the latest first. */
  public void run(Runnable call) {
    try {
      ScopedValue.where(CURRENT, this).run(call);
    } finally {
      end();
    }
  }

  /** As {@link #run}, of a call that has a result. */
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
