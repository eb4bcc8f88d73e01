package dev.terrarium.event;

import org.jspecify.annotations.Nullable;

/** An event that is reported to observers. Immutable; all durations are nanoseconds. */
public sealed interface TerrariumEvent {

  /**
   * An adapter was requested by name, or by its class if it is typed.
   *
   * @param made whether the request made the adapter
   */
  record AdapterGet(String framework, boolean made, long nanos) implements TerrariumEvent {}

  /**
   * A call ended. A batch or a stream is one call; each command of {@code callAll} is a call, and
   * so is a call within a call. A call that never got a context is reported, too. A request that is
   * refused before it becomes a call is not: one for an unknown framework, with a message that
   * cannot be read, or with a batch that is too large.
   *
   * @param command the command's name; {@code batch} for a batch, {@code shortcut} for a shortcut,
   *     whether Java answered it or handed over
   * @param callerKey the key of the account on which the call was made, or null
   * @param session the id of the session of which the call was a turn, or null
   * @param waitNanos time that the call waited for its turn in the session, for admission, for a
   *     context with everything that had to be made or loaded for it, and before a retry
   * @param runNanos time in the call's context, in all attempts; a stream's includes waiting for
   *     its subscriber, a shortcut's its work in Java
   * @param nanos time from the start of the call to its answer; code that is being stopped may run
   *     longer
   * @param failure the simple name of the exception's class, or null when the call succeeded
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

  /** The way in which a call ended. */
  enum CallOutcome {
    /** The call returned a result; at least one command of a batch did. */
    SUCCEEDED,
    /** Python, a model or a load failed, or the caller's own input was at fault. */
    FAILED,
    /** The call passed its deadline. */
    DEADLINE,
    /**
     * The call's thread was interrupted, its future or stream ended before the call, or the
     * Terrarium was closed.
     */
    CANCELLED,
    /**
     * The call waited too long for its turn, a context or a load, or the stream's subscriber
     * requested nothing for too long.
     */
    TIMED_OUT,
    /** The circuit breaker refused the call. */
    CIRCUIT_OPEN,
    /**
     * The bulkhead, a budget or a limit refused the call, or the Terrarium had been closed before.
     */
    REFUSED
  }

  /**
   * A command ended. Each command of a batch is reported by itself, and so is a command of a call
   * within a call.
   *
   * @param nanos time in the command's context, without waiting for the context; a stream's
   *     includes waiting for its subscriber
   * @param failure the simple name of the exception's class, or null when the command succeeded
   */
  record CommandExecuted(
      String framework, String command, String context, long nanos, @Nullable String failure)
      implements TerrariumEvent {}

  /**
   * A call acquired a context. A call within a call that runs in its caller's context acquires
   * none.
   *
   * @param waitNanos time from the request to the lease, with everything that had to be made or
   *     loaded
   */
  record ContextBorrowed(String framework, String context, long waitNanos)
      implements TerrariumEvent {}

  /**
   * A framework was loaded into a context, for a call or ahead of one.
   *
   * @param nanos time for loading, with dropping other frameworks that it could not be loaded
   *     beside
   */
  record FrameworkLoaded(String framework, String context, long nanos) implements TerrariumEvent {}

  /** A call acquired a context that had served another framework before. */
  record FrameworkSwitched(String from, String to, String context) implements TerrariumEvent {}

  /**
   * A context was made, or a parked context was taken over.
   *
   * @param nanos time for making the context or taking it over
   */
  record ContextCreated(String context, long nanos) implements TerrariumEvent {}

  /**
   * A context was reset: it is again as it was when it was made, or as it was when a check last
   * accepted it. A check that finds no fault is not reported.
   *
   * @param cause the reason for the reset
   * @param nanos time since the reset was decided on
   */
  record ContextReset(String context, ResetCause cause, long nanos) implements TerrariumEvent {}

  /** The reason for which a context was reset. */
  enum ResetCause {
    /** A call had left a change behind, and the context was restored. */
    RESTORED,
    /** The memory had run out, and all frameworks were dropped. */
    MEMORY,
    /** The context was old, or had served its number of calls, and all frameworks were dropped. */
    RECYCLED
  }

  /**
   * A sound context left the pool; if it is worth keeping, the next Terrarium of this process takes
   * it over.
   */
  record ContextParked(String context) implements TerrariumEvent {}

  /**
   * The code that runs in a context did not stop for so long that the context's thread counts as
   * lost.
   */
  record ContextAbandoned(String context) implements TerrariumEvent {}

  /**
   * A context was retired.
   *
   * @param cause the reason for the retirement
   */
  record ContextRetired(String context, RetireCause cause) implements TerrariumEvent {}

  /** The reason for which a context was retired. */
  enum RetireCause {
    /** The runtime itself failed in a call. */
    RUNTIME_FAILED,
    /** A call had left a change behind that could not be undone. */
    BEYOND_REPAIR,
    /** The check after a call failed, or did not end and was stopped. */
    CHECK_FAILED
  }

  /** How much is reported of the spans of a call. */
  enum SpanDetail {
    /** Nothing. */
    OFF,
    /** Kinds, names, times and failures. */
    TIMES,
    /** Also inputs and outputs. */
    CONTENT
  }

  /**
   * A framework began a span: a part of a call's work, such as a module, a tool or a request to a
   * language model. Reported of calls with {@link dev.terrarium.CallOptions#withSpans}, and of all
   * calls with {@link dev.terrarium.TerrariumConfig#spans}.
   *
   * @param kind what the framework calls such a part, such as {@code module}, {@code lm} or {@code
   *     tool}
   * @param name the part's own name
   * @param type the part's class in the framework's words, such as {@code Retriever}
   * @param span the id of this span, by which its end is found
   * @param parent the id of the span around this one, or null
   * @param inputs plain data by name, or null without {@link SpanDetail#CONTENT}
   */
  record SpanStarted(
      String framework,
      String kind,
      String name,
      String type,
      String span,
      @Nullable String parent,
      @Nullable Object inputs)
      implements TerrariumEvent {}

  /**
   * A span ended; see {@link SpanStarted}. A span that is open when its call ends, since its code
   * was stopped, ends then.
   *
   * @param failure the simple name of the exception's class, or null when the part returned
   * @param outputs plain data, or null without {@link SpanDetail#CONTENT}
   */
  record SpanEnded(
      String framework,
      String kind,
      String name,
      String type,
      String span,
      @Nullable String parent,
      long nanos,
      @Nullable String failure,
      @Nullable Object outputs)
      implements TerrariumEvent {}

  /** A cache held the requested entry. */
  record CacheHit(String cache, String key) implements TerrariumEvent {}

  /**
   * A cache loaded a requested entry, or failed to.
   *
   * @param failure the simple name of the exception's class, or null when the entry was loaded
   */
  record CacheLoaded(String cache, String key, long nanos, @Nullable String failure)
      implements TerrariumEvent {}

  /**
   * A cache evicted an entry.
   *
   * @param cause the reason: {@code SIZE}, {@code EXPIRED}, {@code EXPLICIT} or {@code REPLACED}
   */
  record CacheEvicted(String cache, String key, String cause) implements TerrariumEvent {}

  /**
   * A language model answered a request, or failed.
   *
   * @param framework the framework whose command made the request, or null outside of calls
   * @param failure the simple name of the exception's class, or null when the model answered
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
