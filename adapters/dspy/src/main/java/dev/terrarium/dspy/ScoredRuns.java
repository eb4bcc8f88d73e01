package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.dspy.internal.frozen.NotExactException;
import dev.terrarium.dspy.internal.frozen.Plan;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.error.TruncatedAnswerException;
import dev.terrarium.spi.HostFunction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The runs of one candidate on examples, by the examples' numbers, whose outputs are scored.
 *
 * @param <I> the type of the inputs
 * @param <O> the type of the outputs
 */
final class ScoredRuns<I, O> implements CandidateRunner.Runs {

  private final Adapter adapter;
  private final String program;
  private final Map<String, HostFunction> tools;
  private final Function<Map<String, @Nullable Object>, O> reader;
  private final List<Example<I, O>> examples;
  private final Scoring<I, O> scoring;
  private final Checkpoint checkpoint;
  private final Spending spending;
  private final String hash;
  private final Map<?, ?> state;
  private final @Nullable Plan plan;
  private final long mostFailures;
  private final double failureScore;
  private final Map<Integer, TerrariumException> failures = new LinkedHashMap<>();

  /**
   * Creates the runs of a candidate.
   *
   * @param tools the functions that Python calls while it runs the program
   * @param reader turns the outputs by name into the outputs
   * @param hash of the state
   */
  ScoredRuns(
      Adapter adapter,
      String program,
      Map<String, HostFunction> tools,
      Function<Map<String, @Nullable Object>, O> reader,
      List<Example<I, O>> examples,
      Scoring<I, O> scoring,
      Checkpoint checkpoint,
      Spending spending,
      String hash,
      Map<?, ?> state,
      @Nullable Plan plan,
      long mostFailures,
      double failureScore) {
    this.adapter = adapter;
    this.program = program;
    this.tools = tools;
    this.reader = reader;
    this.examples = examples;
    this.scoring = scoring;
    this.checkpoint = checkpoint;
    this.spending = spending;
    this.hash = hash;
    this.state = state;
    this.plan = plan;
    this.mostFailures = mostFailures;
    this.failureScore = failureScore;
  }

  @Override
  public @Nullable Plan plan(int number) {
    return plan;
  }

  @Override
  public Map<String, @Nullable Object> request(int number, Plan plan) throws NotExactException {
    return plan.request(Objects.requireNonNull(examples.get(number).input()));
  }

  @Override
  public Map<String, @Nullable Object> make(
      int number, @Nullable Map<String, ?> request, @Nullable Map<?, ?> answer) {
    Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
    arguments.put("program", program);
    arguments.put("state", state);
    arguments.put("inputs", examples.get(number).input());
    arguments.put("tools", tools);
    arguments.put("request", request);
    arguments.put("answer", answer);
    spending.begin();
    long calls = 1;
    long spent = 0;
    try {
      Map<String, @Nullable Object> result =
          UntypedDspyProgram.named(adapter.call("run_candidate", arguments));
      Map<String, @Nullable Object> usage = UntypedDspyProgram.named(result.get("usage"));
      calls = ((Number) Objects.requireNonNull(usage.get("calls"))).longValue();
      spent = CandidateRunner.tokens(usage);
      return result;
    } finally {
      spending.end(calls, spent);
    }
  }

  @Override
  public void answered(int number, Map<String, @Nullable Object> made) {
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put(CandidateRunner.OUTPUTS, made.get(CandidateRunner.OUTPUTS));
    if (made.containsKey(CandidateRunner.ORDER)) {
      result.put(CandidateRunner.ORDER, made.get(CandidateRunner.ORDER));
    }
    O output = reader.apply(UntypedDspyProgram.named(result.get(CandidateRunner.OUTPUTS)));
    try {
      score(number, output, result);
    } catch (TerrariumException e) {
      throw new CandidateRunner.MetricFailure(e);
    }
  }

  /** Scores a run that was made for its trace. */
  void scoreKept(int number) {
    Map<String, @Nullable Object> result =
        UntypedDspyProgram.named(checkpoint.result(hash, number));
    O output;
    try {
      output = reader.apply(UntypedDspyProgram.named(result.get(CandidateRunner.OUTPUTS)));
    } catch (ConversionException e) {
      boolean unused = failed(number, e);
      return;
    }
    score(number, output, result);
  }

  private void score(int number, O output, Map<String, @Nullable Object> result) {
    Score score = scoring.score(number, examples.get(number), output, Optional.empty());
    result.put("score", score.value());
    checkpoint.putResult(hash, number, result);
  }

  @Override
  public boolean failed(int number, TerrariumException failure) {
    if (liesInTheAnswer(failure)) {
      Map<String, @Nullable Object> result = new LinkedHashMap<>();
      result.put(CandidateRunner.OUTPUTS, null);
      result.put("score", failureScore);
      result.put("error", failure.getMessage());
      checkpoint.putResult(hash, number, result);
    }
    synchronized (failures) {
      failures.put(number, failure);
      return failures.size() < mostFailures;
    }
  }

  /** Returns the failures by the numbers of the examples, once all runs have ended. */
  Map<Integer, TerrariumException> failures() {
    return failures;
  }

  /**
   * Returns whether a failure is that of an answer, and comes again; a language model that failed
   * may answer the next time.
   */
  private static boolean liesInTheAnswer(TerrariumException failure) {
    return failure instanceof TruncatedAnswerException
        || failure instanceof ConversionException
        || (failure instanceof PythonException python
            && python.type().endsWith("AdapterParseError"));
  }
}
