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
