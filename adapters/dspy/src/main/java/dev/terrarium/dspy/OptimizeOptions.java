package dev.terrarium.dspy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The options of an optimization. Immutable.
 *
 * @param threads the number of examples of a frozen candidate that run at a time; empty for 8.
 *     Other candidates run in all contexts
 * @param maxCalls the number of requests to language models after which the optimization ends
 * @param maxTokens the number of their tokens after which the optimization ends
 * @param deadline the time after which the optimization ends
 * @param checkpoint a file that holds all scores and answers so far, from which the same
 *     optimization goes on
 * @param listener is notified of each candidate
 */
public record OptimizeOptions(
    OptionalInt threads,
    OptionalLong maxCalls,
    OptionalLong maxTokens,
    Optional<Duration> deadline,
    Optional<Path> checkpoint,
    Consumer<? super Progress.CandidateScored> listener) {

  public OptimizeOptions {
    RunChecks.threads(threads);
    maxCalls.ifPresent(count -> RunChecks.count("maxCalls", count));
    maxTokens.ifPresent(count -> RunChecks.count("maxTokens", count));
    RunChecks.deadline(deadline);
  }

  public static OptimizeOptions ofDefaults() {
    return new OptimizeOptions(
        OptionalInt.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.empty(),
        Optional.empty(),
        progress -> {});
  }

  public OptimizeOptions withThreads(int value) {
    return new OptimizeOptions(
        OptionalInt.of(value), maxCalls, maxTokens, deadline, checkpoint, listener);
  }

  public OptimizeOptions withMaxCalls(long value) {
    return new OptimizeOptions(
        threads, OptionalLong.of(value), maxTokens, deadline, checkpoint, listener);
  }

  public OptimizeOptions withMaxTokens(long value) {
    return new OptimizeOptions(
        threads, maxCalls, OptionalLong.of(value), deadline, checkpoint, listener);
  }

  public OptimizeOptions withDeadline(Duration value) {
    return new OptimizeOptions(
        threads, maxCalls, maxTokens, Optional.of(value), checkpoint, listener);
  }

  public OptimizeOptions withCheckpoint(Path value) {
    return new OptimizeOptions(
        threads, maxCalls, maxTokens, deadline, Optional.of(value), listener);
  }

  public OptimizeOptions withListener(Consumer<? super Progress.CandidateScored> value) {
    return new OptimizeOptions(threads, maxCalls, maxTokens, deadline, checkpoint, value);
  }
}
