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
import dev.terrarium.spi.HostFunction;
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
 * Runs one candidate on examples, from within the call of the optimizer: with a plan, threads ask
 * the language model without Python; what a plan does not cover goes to a queue, from which the
 * optimizer's own context and all others take. So one context is enough, and each further one
 * helps.
 */
final class CandidateRunner {

  /** Gets the results, on any thread. */
  interface Results {

    /** Scores outputs. Whether in Python is the same each time. */
    void answered(int number, Map<String, @Nullable Object> outputs);

    /** Takes a failure; returns whether there may be more of them. */
    boolean failed(int number, TerrariumException failure);
  }

  /** What is left to do for an example, in a context. */
  private sealed interface Work {

    /** The whole run, or what is left of it once the language model has answered. */
    record Run(int number, @Nullable Map<String, ?> request, @Nullable Map<?, ?> answer)
        implements Work {}

    record Scored(int number, Map<String, @Nullable Object> outputs) implements Work {}

    /** There is nothing left to do; stays in the queue for all who take from it. */
    record End() implements Work {}
  }

  private final Adapter adapter;
  private final String program;
  private final Map<String, HostFunction> functions;
  private final Map<?, ?> state;
  private final List<?> inputs;
  private final Spending spending;
  private final boolean scoresInPython;
  private final Results results;

  private final BlockingQueue<Work> queue = new LinkedBlockingQueue<>();
  private final BlockingQueue<Integer> fresh = new LinkedBlockingQueue<>();
  private final AtomicInteger open = new AtomicInteger();
  private volatile boolean stopped;
  private volatile @Nullable RuntimeException fatal;

  /**
   * Creates a runner.
   *
   * @param functions that Python calls while it runs the program
   * @param inputs of all examples, by their numbers
   * @param scoresInPython whether scoring takes a context
   */
  CandidateRunner(
      Adapter adapter,
      String program,
      Map<String, HostFunction> functions,
      Map<?, ?> state,
      List<?> inputs,
      Spending spending,
      boolean scoresInPython,
      Results results) {
    this.adapter = adapter;
    this.program = program;
    this.functions = functions;
    this.state = state;
    this.inputs = inputs;
    this.spending = spending;
    this.scoresInPython = scoresInPython;
    this.results = results;
  }

  /**
   * Runs examples, until all have a result or too many have failed.
   *
   * @param threads the number of examples that run at a time without Python
   * @throws RuntimeException what ends the optimization
   */
  void run(List<Integer> numbers, @Nullable Plan plan, int threads) {
    open.set(numbers.size());
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      if (plan == null) {
        numbers.forEach(number -> queue.add(new Work.Run(number, null, null)));
      } else {
        fresh.addAll(numbers);
        for (int i = 0; i < Math.min(threads, numbers.size()); i++) {
          executor.execute(() -> runFrozen(plan));
        }
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

  private void runFrozen(Plan plan) {
    for (Integer number = fresh.poll(); number != null && !stopped; number = fresh.poll()) {
      int example = number;
      try {
        Shortcut shortcut = host -> new Shortcut.Answered(ask(host, plan, example));
        Work next = (Work) Objects.requireNonNull(adapter.call(Command.of(shortcut)));
        if (next instanceof Work.Scored scored && !scoresInPython) {
          answered(scored);
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
      request = plan.request(inputs.get(number));
    } catch (NotExactException e) {
      return new Work.Run(number, null, null);
    }
    spending.begin();
    Map<?, ?> answer = (Map<?, ?>) Objects.requireNonNull(host.call("model.generate", request));
    if (!"length".equals(answer.get("finish_reason"))) {
      try {
        Work.Scored scored = new Work.Scored(number, plan.read(String.valueOf(answer.get("text"))));
        spending.end(1, tokens(answer));
        return scored;
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
            if (!done(run, run.number(), () -> run(run), helping)) {
              return;
            }
          }
          case Work.Scored scored -> {
            if (!done(scored, scored.number(), () -> scored, helping)) {
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
  private boolean done(Work work, int number, Supplier<Work.Scored> run, boolean helping) {
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

  private Work.Scored run(Work.Run run) {
    Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
    arguments.put("program", program);
    arguments.put("state", state);
    arguments.put("inputs", inputs.get(run.number()));
    arguments.put("tools", functions);
    arguments.put("request", run.request());
    arguments.put("answer", run.answer());
    spending.begin();
    long calls = 1;
    long spent = 0;
    try {
      Map<?, ?> result =
          (Map<?, ?>) Objects.requireNonNull(adapter.call("run_candidate", arguments));
      Map<?, ?> usage = (Map<?, ?>) Objects.requireNonNull(result.get("usage"));
      calls = ((Number) Objects.requireNonNull(usage.get("calls"))).longValue();
      spent = tokens(usage);
      return new Work.Scored(run.number(), UntypedDspyProgram.read(result).outputs());
    } finally {
      spending.end(calls, spent);
    }
  }

  /** Returns the tokens of requests and answers. */
  static long tokens(Map<?, ?> usage) {
    long sum = 0;
    for (String part : List.of("prompt_tokens", "completion_tokens")) {
      sum += usage.get(part) instanceof Number count ? count.longValue() : 0;
    }
    return sum;
  }

  private void answered(Work.Scored scored) {
    results.answered(scored.number(), scored.outputs());
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
        if (!results.failed(number, e)) {
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
