package dev.terrarium.internal.call;

import dev.terrarium.CallOptions;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.admission.Admission;
import dev.terrarium.internal.admission.Permit;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.pool.Deadline;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.SessionTurn;
import dev.terrarium.internal.resource.Sessions;
import dev.terrarium.internal.resource.SpanWatch;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way that each call goes, whatever it runs: its turn in its session, its admission, its
 * attempts, and the report to the observers. Thread-safe.
 */
final class CallRail {

  private final Sessions sessions;
  private final Admission admission;
  private final Events events;

  CallRail(Sessions sessions, Admission admission, Events events) {
    this.sessions = sessions;
    this.admission = admission;
    this.events = events;
  }

  /**
   * Returns a supplier of turns in the options' session, as the calling thread would get them; the
   * supplier returns null without a session.
   */
  Supplier<? extends @Nullable SessionTurn> turns(CallOptions options) {
    String session = options.session().orElse(null);
    return session == null ? () -> null : sessions.turns(session);
  }

  /**
   * Makes a call after it got its turn in its session, if it has one, and was admitted; reports the
   * call to the observers.
   *
   * @param command the call's name in messages and for observers
   */
  <T extends @Nullable Object> T run(
      BridgeSource framework,
      String command,
      CallOptions options,
      @Nullable SessionTurn turn,
      CallAttempt<T> attempt) {
    Duration timeout = options.deadline().orElse(null);
    Deadline deadline = Deadline.after(timeout);
    String account = account(options);
    CallWatch watch = CallWatch.of(events, framework.name(), command, account, options);
    SpanWatch spans = spans(framework.name(), options);
    Throwable failed = null;
    try (turn) {
      if (turn != null) {
        turn.await(timeout, "'" + framework.name() + "." + command + "'");
      }
      Permit permit = admission.admit(framework.name(), account, deadline);
      T result =
          new AdmittedCall(framework, account, deadline, turn, permit, watch, spans).run(attempt);
      if (turn != null) {
        turn.succeed();
      }
      failed = attempt.failure();
      return result;
    } catch (Throwable e) {
      failed = e;
      throw e;
    } finally {
      if (spans != null) {
        spans.end(failed);
      }
      if (watch != null) {
        watch.end(failed);
      }
    }
  }

  /**
   * Returns the watch of a call's spans, or null when nobody observes them. A call within a call is
   * observed as the outer call is, unless its options name another observer.
   */
  private @Nullable SpanWatch spans(String framework, CallOptions options) {
    SpanWatch outer = CallScope.current().flatMap(CallScope::spans).orElse(null);
    TerrariumObserver own = options.spanObserver().orElse(null);
    if (own == null && outer != null) {
      return new SpanWatch(framework, outer.observers(), outer);
    }
    if (own == null) {
      return events.ofSpans().isEmpty() ? null : new SpanWatch(framework, events.ofSpans(), null);
    }
    Map<TerrariumObserver, SpanDetail> observers = new LinkedHashMap<>(events.ofSpans());
    observers.put(own, options.spanDetail());
    return new SpanWatch(framework, observers, outer);
  }

  /**
   * Returns the key of the account on which a call is made: the options' key, or for a call within
   * a call the outer call's.
   */
  private static @Nullable String account(CallOptions options) {
    return options
        .callerKey()
        .or(() -> CallScope.current().flatMap(CallScope::callerKey))
        .orElse(null);
  }

  /**
   * Returns the options with the account's key, for calls on other threads, which do not know the
   * outer call of this thread.
   */
  static CallOptions onAccount(CallOptions options) {
    String account = account(options);
    return account == null ? options : options.withCallerKey(account);
  }
}
