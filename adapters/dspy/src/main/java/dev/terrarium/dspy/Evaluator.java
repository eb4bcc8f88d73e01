package dev.terrarium.dspy;

import dev.terrarium.Invocable;
import dev.terrarium.error.TerrariumException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One evaluation of a program: threads that take one example after another. */
final class Evaluator<I, O> {

  private final Invocable<I, O> program;
  private final List<Example<I, O>> examples;
  private final Scoring<I, O> scoring;
  private final EvaluateOptions options;
  private final List<Evaluation.@Nullable Row<I, O>> rows;
  private int next;
  private int done;
  private int failed;
  private double sum;
  private boolean stopped;

  Evaluator(
      Invocable<I, O> program,
      List<Example<I, O>> examples,
      Scoring<I, O> scoring,
      EvaluateOptions options) {
    this.program = program;
    this.examples = examples;
    this.scoring = scoring;
    this.options = options;
    rows = new ArrayList<>();
    examples.forEach(example -> rows.add(null));
  }

  /** Runs the evaluation with a number of threads. */
  Evaluation<I, O> run(int threads) {
    long deadline =
        options.deadline().map(time -> System.nanoTime() + time.toNanos()).orElse(Long.MAX_VALUE);
    Evaluation.End ended = Evaluation.End.FINISHED;
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> workers = new ArrayList<>();
      for (int i = 0; i < Math.min(threads, examples.size()); i++) {
        workers.add(executor.submit(this::work));
      }
      try {
        for (Future<?> worker : workers) {
          worker.get(left(deadline), TimeUnit.NANOSECONDS);
        }
      } catch (TimeoutException e) {
        ended = Evaluation.End.DEADLINE;
      } catch (InterruptedException e) {
        ended = Evaluation.End.INTERRUPTED;
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
      } finally {
        stop();
        executor.shutdownNow();
      }
    }
    if (ended == Evaluation.End.INTERRUPTED) {
      Thread.currentThread().interrupt();
    }
    return result(ended);
  }

  private long left(long deadline) {
    return deadline == Long.MAX_VALUE ? deadline : Math.max(0, deadline - System.nanoTime());
  }

  private void work() {
    for (int index = take(); index >= 0; index = take()) {
      Example<I, O> example = examples.get(index);
      O output;
      try {
        output = program.call(example.input());
      } catch (TerrariumException e) {
        add(index, Optional.empty(), Score.of(options.failureScore()), Optional.of(e));
        continue;
      }
      Score score = scoring.score(index, example, output, Optional.empty());
      add(index, Optional.of(output), score, Optional.empty());
    }
  }

  private synchronized int take() {
    boolean more = next < examples.size() && failed < options.maxErrors() && !stopped;
    return more ? next++ : -1;
  }

  private synchronized void stop() {
    stopped = true;
  }

  private synchronized void add(
      int index, Optional<O> output, Score score, Optional<TerrariumException> failure) {
    if (stopped) {
      return; // what a stopped example failed with says nothing of the program
    }
    rows.set(index, new Evaluation.Row<>(examples.get(index), output, Optional.of(score), failure));
    done++;
    failed += failure.isPresent() ? 1 : 0;
    sum += score.value();
    options
        .listener()
        .accept(
            new Progress.ExampleDone(done, examples.size(), failed, Evaluation.percent(sum, done)));
  }

  private synchronized Evaluation<I, O> result(Evaluation.End ended) {
    List<Evaluation.Row<I, O>> all = new ArrayList<>();
    double total = 0; // in the order of the examples, so that it is the same each time
    for (int i = 0; i < examples.size(); i++) {
      Evaluation.Row<I, O> row = rows.get(i);
      total += row == null ? 0 : row.score().map(Score::value).orElse(0.0);
      all.add(row != null ? row : unreached(examples.get(i)));
    }
    Evaluation.End end =
        ended == Evaluation.End.FINISHED && failed >= options.maxErrors() && done < examples.size()
            ? Evaluation.End.MAX_ERRORS
            : ended;
    return new Evaluation<>(Evaluation.percent(total, done), end, all);
  }

  private static <I, O> Evaluation.Row<I, O> unreached(Example<I, O> example) {
    return new Evaluation.Row<>(example, Optional.empty(), Optional.empty(), Optional.empty());
  }
}
