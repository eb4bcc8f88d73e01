package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.dspy.internal.frozen.NotExactException;
import dev.terrarium.dspy.internal.frozen.Plan;
import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.spi.Shortcut;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs candidates on examples, from within the call of the optimizer: with a plan, threads ask the
 * language model without Python; what a plan does not cover goes to a queue, from which the
 * optimizer's own context and all others take. So one context is enough, and each further one
 * helps.
 */
final class CandidateRunner {

  /** The runs to be made, by their numbers. Thread-safe. */
  interface Runs {

    /** Returns the plan of a run, or null if it needs Python. */
    @Nullable Plan plan(int run);

    /** Returns the request that a run with a plan makes. */
    Map<String, @Nullable Object> request(int run, Plan plan) throws NotExactException;

    /**
     * Makes a run in a context; its result has {@code outputs}.
     *
     * @param request the request that the language model has answered already, or null
     */
    Map<String, @Nullable Object> make(
        int run, @Nullable Map<String, ?> request, @Nullable Map<?, ?> answer);

    /** Scores or keeps a result. Whether in Python is the same each time. */
    void answered(int run, Map<String, @Nullable Object> result);

    /** Takes a failure; returns whether there may be more of them. */
    boolean failed(int run, TerrariumException failure);
  }

  /** The outputs of a result, by name. */
  static final String OUTPUTS = "outputs";

  /** The names of the outputs in the order of the answer; of runs in Java only. */
  static final String ORDER = "order";

  /** What is left to do for a run, in a context. */
  private sealed interface Work {

    /** The whole run, or what is left of it once the language model has answered. */
    record Run(int number, @Nullable Map<String, ?> request, @Nullable Map<?, ?> answer)
        implements Work {}

    record Made(int number, Map<String, @Nullable Object> result) implements Work {}

    /** There is nothing left to do; stays in the queue for all who take from it. */
    record End() implements Work {}
  }

  private final Adapter adapter;
  private final Spending spending;
  private final boolean scoresInPython;
  private final Runs runs;

  private final BlockingQueue<Work> queue = new LinkedBlockingQueue<>();
  private final BlockingQueue<Integer> fresh = new LinkedBlockingQueue<>();
  private final AtomicInteger open = new AtomicInteger();
  private volatile boolean stopped;
  private volatile @Nullable RuntimeException fatal;

  /**
   * Creates a runner.
   *
   * @param scoresInPython whether scoring takes a context
   */
  CandidateRunner(Adapter adapter, Spending spending, boolean scoresInPython, Runs runs) {
    this.adapter = adapter;
    this.spending = spending;
    this.scoresInPython = scoresInPython;
    this.runs = runs;
  }

  /**
   * Makes runs, until all have a result or too many have failed.
   *
   * @param threads the number of runs that are made at a time without Python
   * @throws RuntimeException what ends the optimization
   */
  void run(List<Integer> numbers, int threads) {
    open.set(numbers.size());
    for (int number : numbers) {
      if (runs.plan(number) == null) {
        queue.add(new Work.Run(number, null, null));
      } else {
        fresh.add(number);
      }
    }
    int frozen = Math.min(threads, fresh.size());
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < frozen; i++) {
        executor.execute(this::runFrozen);
      }
      for (int i = 0; i < Math.min(adapter.contexts() - 1, numbers.size()); i++) {
        executor.execute(() -> work(true));
      }
      try {
        work(false);
      } finally {
        stopped = true;
        executor.shutdownNow();
      }
    }
    if (fatal != null) {
      throw fatal;
    }
  }

  private void runFrozen() {
    for (Integer number = fresh.poll(); number != null && !stopped; number = fresh.poll()) {
      int example = number;
      Plan plan = Objects.requireNonNull(runs.plan(example));
      try {
        Shortcut shortcut = host -> new Shortcut.Answered(ask(host, plan, example));
        Work next = (Work) Objects.requireNonNull(adapter.call(Command.of(shortcut)));
        if (next instanceof Work.Made made && !scoresInPython) {
          answered(made);
        } else {
          queue.add(next);
        }
      } catch (BorrowTimeoutException | OverloadException e) {
        queue.add(new Work.Run(example, null, null)); // the optimizer's own call is admitted
      } catch (RuntimeException e) {
        failed(example, e);
      }
    }
  }

  private Work ask(Shortcut.Host host, Plan plan, int number) {
    Map<String, @Nullable Object> request;
    try {
      request = runs.request(number, plan);
    } catch (NotExactException e) {
      return new Work.Run(number, null, null);
    }
    spending.begin();
    long began = System.nanoTime();
    Map<?, ?> answer = (Map<?, ?>) Objects.requireNonNull(host.call("model.generate", request));
    spending.waited(System.nanoTime() - began);
    if (!"length".equals(answer.get("finish_reason"))) {
      try {
        String text = String.valueOf(answer.get("text"));
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        result.put(OUTPUTS, plan.read(text));
        result.put(ORDER, plan.order(text));
        spending.end(1, tokens(answer));
        return new Work.Made(number, result);
      } catch (NotExactException e) {
        // DSPy may repair the answer, ask again, or say what is wrong.
      }
    }
    spending.end(0, 0); // counted by the run that goes on with it
    return new Work.Run(number, request, answer);
  }

  /** Takes from the queue until all is done. */
  private void work(boolean helping) {
    try {
      while (!stopped) {
        switch (queue.take()) {
          case Work.End end -> {
            queue.add(end);
            return;
          }
          case Work.Run run -> {
            if (!done(run, run.number(), () -> make(run), helping)) {
              return;
            }
          }
          case Work.Made made -> {
            if (!done(made, made.number(), () -> made, helping)) {
              return;
            }
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (!helping) { // a helper is interrupted when there is nothing left to do
        throw new CallInterruptedException("Interrupted while candidates were evaluated.", e);
      }
    }
  }

  /** Does some work; a helper that gets no context leaves it to the others, and returns false. */
  private boolean done(Work work, int number, Supplier<Work.Made> run, boolean helping) {
    try {
      answered(run.get());
    } catch (BorrowTimeoutException | OverloadException e) {
      if (helping) {
        queue.add(work);
        return false;
      }
      failed(number, e);
    } catch (RuntimeException e) {
      failed(number, e);
    }
    return true;
  }

  private Work.Made make(Work.Run run) {
    return new Work.Made(run.number(), runs.make(run.number(), run.request(), run.answer()));
  }

  /** Returns the tokens of requests and answers. */
  static long tokens(Map<?, ?> usage) {
    long sum = 0;
    for (String part : List.of("prompt_tokens", "completion_tokens")) {
      sum += usage.get(part) instanceof Number count ? count.longValue() : 0;
    }
    return sum;
  }

  private void answered(Work.Made made) {
    runs.answered(made.number(), made.result());
    close();
  }

  /** Counts an example as done. */
  private void close() {
    if (open.decrementAndGet() == 0) {
      queue.add(new Work.End());
    }
  }

  private void stop() {
    stopped = true;
    queue.add(new Work.End());
  }

  private void failed(int number, RuntimeException failure) {
    if (stopped) {
      return;
    }
    switch (failure) {
      case BudgetExceededException e -> end(e);
      case CallInterruptedException e -> end(e);
      case ClosedException e -> end(e);
      case LimitExceededException e -> end(e);
      case MetricFailure e -> end(e.reason());
      case TerrariumException e -> {
        if (!runs.failed(number, e)) {
          stop();
        }
        close();
      }
      default -> end(failure);
    }
  }

  private void end(RuntimeException failure) {
    fatal = failure;
    stop();
  }

  /** Carries what a metric did wrong past the failures of programs. */
  static final class MetricFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final TerrariumException reason;

    MetricFailure(TerrariumException reason) {
      super(reason);
      this.reason = reason;
    }

    TerrariumException reason() {
      return reason;
    }
  }
}
