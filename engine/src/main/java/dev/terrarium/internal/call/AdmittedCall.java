package dev.terrarium.internal.call;

import dev.terrarium.internal.admission.Permit;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.pool.Deadline;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.SessionTurn;
import dev.terrarium.internal.resource.SpanWatch;
import org.jspecify.annotations.Nullable;

/** A call that has its turn and its permit, and what its attempts have in common. Immutable. */
record AdmittedCall(
    BridgeSource framework,
    @Nullable String account,
    Deadline deadline,
    @Nullable SessionTurn turn,
    Permit permit,
    @Nullable CallWatch watch,
    @Nullable SpanWatch spans) {

  /**
   * Makes an attempt, and makes it again after a failure as long as that is safe and configured.
   * What a failed attempt changed in the session is undone before the next attempt.
   */
  <T extends @Nullable Object> T run(CallAttempt<T> attempt) {
    while (true) {
      Runnable undo = turn == null ? () -> {} : turn.savepoint();
      try {
        return attempt.apply(this);
      } catch (Throwable e) {
        if (!attempt.isRepeatable() || !permit.again(e)) {
          throw e;
        }
        undo.run();
      }
    }
  }

  /** Returns a scope for one attempt. */
  CallScope scope() {
    return new CallScope(framework.name(), account, permit, turn, spans);
  }
}
