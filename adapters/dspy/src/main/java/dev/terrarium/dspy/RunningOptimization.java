package dev.terrarium.dspy;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** An optimization that {@link Dspy#optimizeAsync} started. Thread-safe. */
public final class RunningOptimization {

  private final OptimizerRun<?, ?> run;
  private final Runnable ending;
  private final CompletableFuture<Optimization> result = new CompletableFuture<>();

  /**
   * Creates an optimization that is yet to run.
   *
   * @param ending runs when the optimization has ended, before its result is there
   */
  RunningOptimization(OptimizerRun<?, ?> run, Runnable ending) {
    this.run = run;
    this.ending = ending;
  }

  /** Runs the optimization on the calling thread. */
  Optimization run() {
    try {
      return run.run();
    } finally {
      ending.run();
    }
  }

  /** Runs the optimization on a thread of its own. */
  RunningOptimization start() {
    CompletableFuture<Optimization> unused =
        result.whenComplete((optimization, failure) -> run.cancel());
    Thread ignored = Thread.ofVirtual().name("terrarium-optimize").start(this::complete);
    return this;
  }

  private void complete() {
    try {
      boolean unused = result.complete(run());
    } catch (Throwable e) {
      boolean unused = result.completeExceptionally(e);
    }
  }

  /**
   * Returns the result, which is there when the program has the best state. When the returned
   * future is completed before that, as by {@code cancel} or {@code orTimeout}, the optimization
   * ends as {@link #cancel} ends it. It fails with what {@link Dspy#optimize} throws.
   */
  public CompletableFuture<Optimization> result() {
    return result;
  }

  /**
   * Ends the optimization: the program gets the best state so far, as {@link #result} then tells,
   * with {@link Optimization.End#CANCELLED}. Returns at once. An optimization that has ended stays
   * as it is.
   */
  public void cancel() {
    run.cancel();
  }

  /** Returns the candidate that was scored last; empty before the first one. */
  public Optional<Progress.CandidateScored> progress() {
    return run.progress();
  }

  /** Returns the number of requests to language models so far. */
  public long modelCalls() {
    return run.spending().calls();
  }

  /** Returns the number of tokens of these requests and their answers. */
  public long tokens() {
    return run.spending().tokens();
  }
}
