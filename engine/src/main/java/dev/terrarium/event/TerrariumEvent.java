package dev.terrarium.event;

import org.jspecify.annotations.Nullable;

/** Something that happened. Immutable; all durations are nanoseconds. */
public sealed interface TerrariumEvent {

  /**
   * An adapter was asked for; a typed one by its class.
   *
   * @param made whether it was made for this
   */
  record AdapterGet(String framework, boolean made, long nanos) implements TerrariumEvent {}

  /**
   * A call ended: a batch and a stream as one, each of {@code callAll}, and one within a call too.
   * Also one that never got a context. What is refused before it is a call is none: an unknown
   * framework, a message that cannot be read, a batch that is too large.
   *
   * @param command {@code batch} for a batch, {@code shortcut} for what Java does by itself or
   *     hands over
   * @param callerKey on whose account; null for nobody's
   * @param session that it was a turn of; null for none
   * @param waitNanos for its turn in the session, for admission, for a context, with what had to be
   *     made or loaded for it, and before another attempt
   * @param runNanos in its context, in all attempts; a stream's with waiting for its subscriber, a
   *     shortcut's with what it does in Java
   * @param nanos in all, until it was answered: code that is being stopped may run on
   * @param failure the simple name of the exception's class; null when it ended well
   */
  record CallEnded(
      String framework,
      String command,
      @Nullable String callerKey,
      @Nullable String session,
      long waitNanos,
      long runNanos,
      long nanos,
      CallOutcome outcome,
      @Nullable String failure)
      implements TerrariumEvent {}

  /** How a call ended. */
  enum CallOutcome {
    /** With a result; of a batch, with one at least. */
    SUCCEEDED,
    /** Python, a model, a load, or the caller's own input failed. */
    FAILED,
    /** Its deadline passed. */
    DEADLINE,
    /** Its thread was interrupted, its future or stream ended before it, or all was closed. */
    CANCELLED,
    /** It waited too long for its turn, a context or a load; or nobody read its stream for long. */
    TIMED_OUT,
    /** The circuit breaker let it not in. */
    CIRCUIT_OPEN,
    /** The bulkhead, a budget or a limit let it not in, or all was closed before. */
    REFUSED
  }

  /**
   * A command of a call ended, of a batch each by itself, in a call within a call too.
   *
   * @param nanos in its context, without waiting for one; a stream's with waiting for its
   *     subscriber
   * @param failure the simple name of the exception's class; null when it ended well
   */
  record CommandExecuted(
      String framework, String command, String context, long nanos, @Nullable String failure)
      implements TerrariumEvent {}

  /**
   * A call got a context. A call within a call that runs in its caller's context needs none.
   *
   * @param waitNanos from asking to getting it, with what had to be made or loaded for it
   */
  record ContextBorrowed(String framework, String context, long waitNanos)
      implements TerrariumEvent {}

  /**
   * A framework was loaded into a context, for a call or ahead of one.
   *
   * @param nanos with dropping others that it could not be loaded beside
   */
  record FrameworkLoaded(String framework, String context, long nanos) implements TerrariumEvent {}

  /** A call got a context that served another framework before. */
  record FrameworkSwitched(String from, String to, String context) implements TerrariumEvent {}

  /**
   * A context was made, or one that was parked is in use again.
   *
   * @param nanos that it took
   */
  record ContextCreated(String context, long nanos) implements TerrariumEvent {}

  /**
   * A context is as it was made, or as it was accepted last. A check that finds nothing is none.
   *
   * @param cause why
   * @param nanos from the decision
   */
  record ContextReset(String context, ResetCause cause, long nanos) implements TerrariumEvent {}

  /** Why a context was reset. */
  enum ResetCause {
    /** A call had left something changed, which was put back. */
    RESTORED,
    /** Memory had run out; all frameworks were dropped. */
    MEMORY,
    /** It was old, or had served its number of calls; all frameworks were dropped. */
    RECYCLED
  }

  /** A sound context left: for the next one who starts in this process, if it is worth keeping. */
  record ContextParked(String context) implements TerrariumEvent {}

  /** What ran in a context did not stop for so long that its thread counts as lost. */
  record ContextAbandoned(String context) implements TerrariumEvent {}

  /**
   * A context was given up for good.
   *
   * @param cause why
   */
  record ContextRetired(String context, RetireCause cause) implements TerrariumEvent {}

  /** Why a context was retired. */
  enum RetireCause {
    /** The runtime itself failed in a call. */
    RUNTIME_FAILED,
    /** A call had left something changed that could not be put back. */
    BEYOND_REPAIR,
    /** The check after a call failed, or did not end and was stopped. */
    CHECK_FAILED
  }

  /** A cache had what was asked for. */
  record CacheHit(String cache, String key) implements TerrariumEvent {}

  /**
   * A cache loaded what was asked for.
   *
   * @param failure the simple name of the exception's class; null when it is there now
   */
  record CacheLoaded(String cache, String key, long nanos, @Nullable String failure)
      implements TerrariumEvent {}

  /**
   * A cache dropped something.
   *
   * @param cause why: {@code SIZE}, {@code EXPIRED}, {@code EXPLICIT}, {@code REPLACED}
   */
  record CacheEvicted(String cache, String key, String cause) implements TerrariumEvent {}

  /**
   * A language model answered, or failed.
   *
   * @param framework whose command asked; null outside of calls
   * @param failure the simple name of the exception's class; null when it answered
   */
  record ModelCalled(
      String model,
      @Nullable String framework,
      int promptTokens,
      int completionTokens,
      long nanos,
      @Nullable String failure)
      implements TerrariumEvent {}
}
