package dev.terrarium.event;

import org.jspecify.annotations.Nullable;

/** Something that happened. Immutable; all durations are nanoseconds. */
public sealed interface TerrariumEvent {

  /**
   * An adapter was asked for.
   *
   * @param made whether it was made now
   */
  record AdapterGet(String framework, boolean made, long nanos) implements TerrariumEvent {}

  /**
   * A command ended, of a batch each by itself.
   *
   * @param nanos in its context, without waiting for one
   * @param failure the simple name of the exception's class; null when it ended well
   */
  record CommandExecuted(
      String framework, String command, String context, long nanos, @Nullable String failure)
      implements TerrariumEvent {}

  /**
   * A call got a context.
   *
   * @param waitNanos from asking to getting it, with what had to be made or loaded for it
   */
  record ContextBorrowed(String framework, String context, long waitNanos)
      implements TerrariumEvent {}

  /** A framework was loaded into a context. */
  record FrameworkLoaded(String framework, String context, long nanos) implements TerrariumEvent {}

  /** A context was given to another framework than the one that used it before. */
  record FrameworkSwitched(String from, String to, String context) implements TerrariumEvent {}

  /**
   * A context was made, or taken over from one who used it before.
   *
   * @param nanos from asking for it
   */
  record ContextCreated(String context, long nanos) implements TerrariumEvent {}

  /** A context was broken and has been put back, or has dropped what it had. */
  record ContextReset(String context, long nanos) implements TerrariumEvent {}

  /** A context was given up to the next one who starts in this process. */
  record ContextParked(String context) implements TerrariumEvent {}

  /**
   * A context was given up for good.
   *
   * @param cause why
   */
  record ContextRetired(String context, String cause) implements TerrariumEvent {}

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
