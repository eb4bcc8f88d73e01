package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.dspy.internal.frozen.Plan;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.spi.HostFunction;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One run of an optimizer. DSPy's code runs in one context, as one long command. It calls back for
 * what Java does: to run and score candidates, to score predictions, and to keep answers. All
 * candidates pass here, so the best so far is known whenever the command ends, by itself or not.
 *
 * @param <I> the type of the inputs
 * @param <O> the type of the outputs
 */
final class OptimizerRun<I, O> {

  /** The number of examples of a frozen candidate that run at a time by default, as in DSPy. */
  private static final int THREADS = 8;

  /** A state that was scored on examples. */
  private record Scored(
      String hash, Map<?, ?> state, Set<Integer> numbers, Optimization.Candidate candidate) {}

  private final Adapter adapter;
  private final String program;
  private final Map<String, HostFunction> functions;
  private final Function<Map<String, @Nullable Object>, O> reader;
  private final List<Example<I, O>> examples;
  private final int trained;
  private final Optimizer optimizer;
  private final Scoring<I, O> scoring;
  private final OptimizeOptions options;
  private final Spending spending;

  private final Plans plans;
  private final List<Scored> scored = new ArrayList<>();
  private volatile Checkpoint checkpoint = Checkpoint.inMemory();
  private Map<String, @Nullable Object> began = Map.of();
  private volatile @Nullable CompletableFuture<?> optimizing;
  private volatile boolean cancelled;
  private volatile Progress.@Nullable CandidateScored progress;
  private boolean over;

  /**
   * Creates a run.
   *
   * @param functions that Python calls while it runs the program
   * @param reader turns the outputs by name into the outputs
   * @param train the examples to train on
   * @param validation the examples to validate with; empty for those to train on
   */
  OptimizerRun(
      Adapter adapter,
      String program,
      Map<String, HostFunction> functions,
      Function<Map<String, @Nullable Object>, O> reader,
      List<Example<I, O>> train,
      List<Example<I, O>> validation,
      Optimizer optimizer,
      Metric<I, O> metric,
      OptimizeOptions options) {
    this.adapter = adapter;
    this.program = program;
    this.functions = functions;
    this.reader = reader;
    this.optimizer = optimizer;
    this.options = options;
    examples = new ArrayList<>(train);
    examples.addAll(validation);
    trained = train.size();
    scoring = new Scoring<>(metric, adapter);
    spending = new Spending(options);
    plans = new Plans(adapter, program);
  }

  /** Runs the optimizer, and gives the program the best state. */
  Optimization run() {
    try {
      return optimize();
    } finally {
      end();
    }
  }

  private synchronized void end() {
    over = true;
    checkpoint.close();
  }

  private Optimization optimize() {
    CompletableFuture<@Nullable Object> running = adapter.callAsync(command());
    optimizing = running;
    if (cancelled) {
      running.cancel(true);
    }
    Optimization.End ended = Optimization.End.FINISHED;
    String last = null;
    try {
      Object result =
          options.deadline().isPresent()
              ? running.get(options.deadline().get().toNanos(), TimeUnit.NANOSECONDS)
              : running.get();
      last = (String) ((Map<?, ?>) Objects.requireNonNull(result)).get("hash");
    } catch (CancellationException e) {
      ended = Optimization.End.CANCELLED;
    } catch (InterruptedException e) {
      ended = Optimization.End.INTERRUPTED;
    } catch (TimeoutException e) {
      ended = Optimization.End.DEADLINE;
    } catch (ExecutionException e) {
      if (!endsBudget(e.getCause())) {
        throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
      }
      ended = Optimization.End.BUDGET;
    } finally {
      running.cancel(true);
    }
    return ended == Optimization.End.INTERRUPTED ? resultOfInterrupted(last) : result(ended, last);
  }

  /** Ends the run with the best so far; may be called by any thread, also before {@link #run}. */
  void cancel() {
    cancelled = true;
    CompletableFuture<?> running = optimizing;
    if (running != null) {
      running.cancel(true);
    }
  }

  /** Returns the program's id. */
  String program() {
    return program;
  }

  /** Returns the candidate that was scored last. */
  Optional<Progress.CandidateScored> progress() {
    return Optional.ofNullable(progress);
  }

  /** Returns what was spent so far. */
  Spending spending() {
    return spending;
  }

  /** Makes the result on a thread that no further interruption hits, and interrupts this one. */
  private Optimization resultOfInterrupted(@Nullable String last) {
    CompletableFuture<Optimization> result = new CompletableFuture<>();
    Thread unused =
        Thread.startVirtualThread(
            () -> {
              try {
                result.complete(result(Optimization.End.INTERRUPTED, last));
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            });
    try {
      return result.join(); // which waits on when it is interrupted
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } finally {
      Thread.currentThread().interrupt();
    }
  }

  private boolean endsBudget(@Nullable Throwable failure) {
    return failure instanceof BudgetExceededException
        || (failure instanceof LimitExceededException && spending.isUsedUp());
  }

  private Command<@Nullable Object> command() {
    Map<String, HostFunction> callbacks =
        Map.of(
            "begin", this::begin,
            "evaluate", this::evaluate,
            "trace", this::trace,
            "score", this::score,
            "recall", this::recall,
            "remember", this::remember);
    Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
    arguments.put("program", program);
    arguments.put("optimizer", optimizer.toMap());
    arguments.put(
        "examples",
        Map.of(
            "train", Example.rows(examples.subList(0, trained)),
            "validation", Example.rows(examples.subList(trained, examples.size()))));
    arguments.put("functions", callbacks);
    arguments.put("tools", functions);
    arguments.put(
        "metric", scoring.metric() instanceof PythonMetric<I, O> python ? python.toMap() : null);
    return Command.of("optimize", arguments);
  }

  private synchronized Object begin(List<@Nullable Object> arguments) {
    if (over) { // it was cancelled meanwhile, and would open a file that nobody closes
      throw new ArgumentException("optimize: the optimization has ended");
    }
    began = UntypedDspyProgram.named(arguments.getFirst());
    Map<String, @Nullable Object> run = new LinkedHashMap<>();
    run.put("optimizer", optimizer.name());
    run.put("parameters", optimizer.toMap().get("parameters"));
    run.put("metric", metricName());
    run.put("program", program);
    for (String key : List.of("examples", "dspy", "state")) {
      run.put(key, began.get(key));
    }
    checkpoint = Checkpoint.open(options.checkpoint(), run);
    return Map.of("contexts", adapter.contexts());
  }

  /** Returns the metric's name; that of a function in Java has none that another process knows. */
  private String metricName() {
    return scoring.metric() instanceof NamedMetric || scoring.inPython()
        ? scoring.metric().toString()
        : "a function in Java";
  }

  private @Nullable Object recall(List<@Nullable Object> arguments) {
    Object answer = checkpoint.answer((String) Objects.requireNonNull(arguments.getFirst()));
    if (answer == null) {
      spending.begin();
    }
    return answer;
  }

  private @Nullable Object remember(List<@Nullable Object> arguments) {
    Map<?, ?> answer = (Map<?, ?>) Objects.requireNonNull(arguments.get(1));
    spending.end(1, CandidateRunner.tokens(answer));
    checkpoint.putAnswer((String) Objects.requireNonNull(arguments.getFirst()), answer);
    return null;
  }

  private Object score(List<@Nullable Object> arguments) {
    int number = ((Number) Objects.requireNonNull(arguments.getFirst())).intValue();
    O output;
    try {
      output = reader.apply(UntypedDspyProgram.named(arguments.get(1)));
    } catch (ConversionException e) {
      return Map.of("error", String.valueOf(e.getMessage()));
    }
    Optional<MetricTrace> trace =
        arguments.get(2) instanceof List<?> steps
            ? Optional.of(
                new MetricTrace(
                    steps.stream().map(OptimizerRun::step).toList(),
                    Optional.ofNullable((String) arguments.get(3))))
            : Optional.empty();
    Score score = scoring.score(number, examples.get(number), output, trace);
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("score", score.value());
    result.put("feedback", score.feedback().orElse(null));
    return result;
  }

  private static MetricTrace.Step step(@Nullable Object plain) {
    Map<String, @Nullable Object> step = UntypedDspyProgram.named(plain);
    return new MetricTrace.Step(
        String.valueOf(step.get("predictor")),
        UntypedDspyProgram.named(step.get("inputs")),
        UntypedDspyProgram.named(step.get("outputs")));
  }

  private Object evaluate(List<@Nullable Object> arguments) {
    String hash = (String) Objects.requireNonNull(arguments.get(0));
    Map<?, ?> state = (Map<?, ?>) Objects.requireNonNull(arguments.get(1));
    List<Integer> numbers = new ArrayList<>();
    for (Object number : (List<?>) Objects.requireNonNull(arguments.get(2))) {
      numbers.add(((Number) number).intValue());
    }
    long most = ((Number) Objects.requireNonNull(arguments.get(3))).longValue();
    double failureScore = ((Number) Objects.requireNonNull(arguments.get(4))).doubleValue();
    List<Integer> left =
        numbers.stream().distinct().filter(n -> checkpoint.result(hash, n) == null).toList();
    List<Integer> unscored =
        numbers.stream().distinct().filter(n -> isUnscored(checkpoint.result(hash, n))).toList();
    Plan plan = left.isEmpty() ? null : plans.of(hash, state);
    ScoredRuns<I, O> runs =
        new ScoredRuns<>(
            adapter,
            program,
            functions,
            reader,
            examples,
            scoring,
            checkpoint,
            spending,
            hash,
            state,
            plan,
            most,
            failureScore);
    unscored.forEach(runs::scoreKept);
    if (!left.isEmpty()) {
      new CandidateRunner(adapter, spending, scoring.inPython(), runs)
          .run(left, options.threads().orElse(THREADS));
    }
    return evaluated(hash, state, numbers, runs.failures(), failureScore, plan != null);
  }

  /** Returns whether a result is that of a run that was made for its trace. */
  private static boolean isUnscored(@Nullable Map<?, ?> result) {
    return result != null && !result.containsKey("score");
  }

  private Object trace(List<@Nullable Object> arguments) {
    return new TracedRuns(
            adapter,
            program,
            functions,
            Map.of("recall", this::recall, "remember", this::remember),
            examples.stream().map(Example::input).toList(),
            checkpoint,
            spending,
            (Map<?, ?>) Objects.requireNonNull(arguments.get(0)),
            (List<?>) Objects.requireNonNull(arguments.get(1)))
        .make(plans, options.threads().orElse(THREADS));
  }

  private Object evaluated(
      String hash,
      Map<?, ?> state,
      List<Integer> numbers,
      Map<Integer, TerrariumException> failures,
      double failureScore,
      boolean frozen) {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    int failed = 0;
    Object error = null;
    double sum = 0;
    for (int number : numbers) {
      Map<?, ?> result = checkpoint.result(hash, number);
      TerrariumException failure = failures.get(number);
      Object reason = failure != null ? failure.getMessage() : value(result, "error");
      if (result == null || reason != null) {
        failed++;
        error = reason == null ? error : reason;
      }
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("outputs", value(result, "outputs"));
      row.put("score", result == null ? failureScore : value(result, "score"));
      sum += ((Number) Objects.requireNonNull(row.get("score"))).doubleValue();
      rows.add(row);
    }
    Map<String, @Nullable Object> answer = new LinkedHashMap<>();
    answer.put("results", rows);
    answer.put("failed", failed);
    answer.put("error", error);
    double score = Evaluation.percent(sum, numbers.size());
    add(
        new Scored(
            hash,
            state,
            new HashSet<>(numbers),
            new Optimization.Candidate(hash, numbers.size(), failed, score, frozen)));
    return answer;
  }

  private static @Nullable Object value(@Nullable Map<?, ?> map, String key) {
    return map == null ? null : map.get(key);
  }

  private synchronized void add(Scored next) {
    if (over) {
      return; // what ran on while the run was ended
    }
    for (Scored each : scored) {
      if (each.hash().equals(next.hash()) && each.numbers().equals(next.numbers())) {
        return;
      }
    }
    scored.add(next);
    Optimization.Candidate candidate = next.candidate();
    if (scored.size() > 1) {
      double best =
          scored.stream()
              .filter(each -> each.numbers().size() == next.numbers().size())
              .mapToDouble(each -> each.candidate().score())
              .max()
              .orElseThrow();
      Progress.CandidateScored done =
          new Progress.CandidateScored(
              scored.size() - 1, candidate.examples(), candidate.failed(), candidate.score(), best);
      progress = done;
      options.listener().accept(done);
    }
  }

  private synchronized Optimization result(Optimization.End ended, @Nullable String last) {
    over = true;
    Optional<Scored> best = best(last);
    Map<String, @Nullable Object> state =
        best.map(each -> UntypedDspyProgram.named(each.state()))
            .orElseGet(
                () ->
                    UntypedDspyProgram.named(
                        adapter.call("get_program_state", Map.of("program", program))));
    if (best.isPresent() && !best.get().hash().equals(began.get("state"))) {
      Object unused = adapter.call("set_program_state", Map.of("program", program, "state", state));
    }
    Optimization.Lineage lineage =
        new Optimization.Lineage(
            optimizer.name(),
            optimizer.parameters(),
            metricName(),
            String.valueOf(began.get("examples")),
            String.valueOf(began.get("dspy")),
            String.valueOf(began.get("state")));
    double score = best.map(each -> each.candidate().score()).orElse(0.0);
    return new Optimization(
        ended,
        new ProgramState(state).withMetadata(metadata(lineage, score)),
        score,
        scored.stream().map(Scored::candidate).toList(),
        spending.calls(),
        spending.tokens(),
        lineage);
  }

  private Map<String, @Nullable Object> metadata(Optimization.Lineage lineage, double score) {
    Map<String, @Nullable Object> made = PlainData.fields(lineage);
    made.put("score", score);
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
    metadata.put("dependency_versions", began.get("versions"));
    metadata.put("terrarium", made);
    return metadata;
  }

  /**
   * Returns the state with the highest score of those that were scored on as many examples as any,
   * but the program as it was when its own score on these is higher. Of equal ones the optimizer's
   * choice is the best.
   */
  private Optional<Scored> best(@Nullable String last) {
    if (scored.isEmpty()) {
      return Optional.empty();
    }
    Scored first = scored.getFirst();
    int most =
        scored.stream()
            .filter(each -> !each.hash().equals(first.hash()))
            .mapToInt(each -> each.numbers().size())
            .max()
            .orElse(0);
    Scored best = null;
    for (Scored each : scored) {
      if (each.hash().equals(first.hash()) || each.numbers().size() < most) {
        continue;
      }
      double gain = best == null ? 1 : each.candidate().score() - best.candidate().score();
      if (gain > 0 || (gain == 0 && each.hash().equals(last))) {
        best = each;
      }
    }
    boolean better = best != null && best.candidate().score() >= score(first, best.numbers());
    return Optional.of(better ? Objects.requireNonNull(best) : first);
  }

  /** Returns the score of a state on some of the examples that it was scored on, in percent. */
  private double score(Scored state, Set<Integer> numbers) {
    double sum = 0;
    for (int number : numbers) {
      Object score = value(checkpoint.result(state.hash(), number), "score");
      sum += score instanceof Number value ? value.doubleValue() : 0;
    }
    return Evaluation.percent(sum, numbers.size());
  }
}
