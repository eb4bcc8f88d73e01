package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.dspy.internal.frozen.NotExactException;
import dev.terrarium.dspy.internal.frozen.Plan;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.spi.HostFunction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The runs of a batch that an optimizer wants with their traces. A program with a plan has one
 * predictor, whose trace follows from its outputs. What fails is left to the optimizer's own run,
 * which fails as DSPy does.
 */
final class TracedRuns implements CandidateRunner.Runs {

  /** From how many runs of one state on a plan is made for it. */
  private static final int WORTH_A_PLAN = 3;

  /**
   * One run.
   *
   * @param state the hash of the state
   * @param key of the state and what the language model is asked otherwise
   * @param number of the example
   * @param lm the language model, in the bridge's form
   * @param asked what requests have otherwise than those of the plan
   */
  private record Run(
      String state, String key, int number, Map<?, ?> lm, Map<String, @Nullable Object> asked) {

    static Run of(Map<?, ?> run) {
      return new Run(
          (String) part(run, "state"),
          (String) part(run, "key"),
          ((Number) part(run, "number")).intValue(),
          (Map<?, ?>) part(run, "lm"),
          UntypedDspyProgram.named(part(run, "asked")));
    }

    private static Object part(Map<?, ?> run, String name) {
      return Objects.requireNonNull(run.get(name), name);
    }
  }

  private final Adapter adapter;
  private final String program;
  private final Map<String, HostFunction> tools;
  private final Map<String, HostFunction> answers;
  private final List<?> inputs;
  private final Checkpoint checkpoint;
  private final Spending spending;

  private final Map<?, ?> states;
  private final List<Run> runs = new ArrayList<>();
  private final Map<String, Plan> plans = new HashMap<>();
  private final List<@Nullable Map<String, @Nullable Object>> results;

  /**
   * Creates the runs of a batch.
   *
   * @param tools the functions that Python calls while it runs the program
   * @param answers the functions that keep the answers of language models
   * @param inputs of all examples, by their numbers
   * @param states by their hashes
   * @param runs in the form of the bridge's {@code trace}
   */
  TracedRuns(
      Adapter adapter,
      String program,
      Map<String, HostFunction> tools,
      Map<String, HostFunction> answers,
      List<?> inputs,
      Checkpoint checkpoint,
      Spending spending,
      Map<?, ?> states,
      List<?> runs) {
    this.adapter = adapter;
    this.program = program;
    this.tools = tools;
    this.answers = answers;
    this.inputs = inputs;
    this.checkpoint = checkpoint;
    this.spending = spending;
    this.states = states;
    runs.forEach(run -> this.runs.add(Run.of((Map<?, ?>) run)));
    results = new ArrayList<>(Collections.nCopies(runs.size(), null));
  }

  /**
   * Makes the runs. Other contexts take those without a plan, if answers are slow: another context
   * has to build the program in the run's state first.
   *
   * @param threads the number of runs that are made at a time without Python
   * @return one result for each run, null for one that the optimizer has to make
   */
  List<@Nullable Map<String, @Nullable Object>> make(Plans known, int threads) {
    Map<String, Integer> counts = new HashMap<>();
    runs.forEach(run -> counts.merge(run.state(), 1, Integer::sum));
    counts.forEach(
        (hash, count) -> {
          Plan plan =
              count < WORTH_A_PLAN
                  ? known.made(hash)
                  : known.of(hash, (Map<?, ?>) Objects.requireNonNull(states.get(hash)));
          if (plan != null) {
            plans.put(hash, plan);
          }
        });
    Map<List<Object>, Integer> first = new LinkedHashMap<>();
    boolean others = adapter.contexts() > 1 && spending.isSlow();
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      boolean here = plans.containsKey(run.state()) || others;
      if (here && kept(run) == null) {
        first.putIfAbsent(List.of(run.key(), run.number(), run.lm()), i);
      }
    }
    if (!first.isEmpty()) {
      new CandidateRunner(adapter, spending, false, this).run(List.copyOf(first.values()), threads);
    }
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      Integer same = first.get(List.of(run.key(), run.number(), run.lm()));
      results.set(i, same == null ? kept(run) : results.get(same));
    }
    return results;
  }

  /** Returns what is known of a run of one predictor, if it tells of the trace. */
  private @Nullable Map<String, @Nullable Object> kept(Run run) {
    Map<String, @Nullable Object> result =
        UntypedDspyProgram.named(checkpoint.result(run.key(), run.number()));
    return plans.containsKey(run.state())
            && result.get(CandidateRunner.OUTPUTS) != null
            && result.get(CandidateRunner.ORDER) != null
        ? result
        : null;
  }

  @Override
  public @Nullable Plan plan(int run) {
    return plans.get(runs.get(run).state());
  }

  @Override
  public Map<String, @Nullable Object> request(int run, Plan plan) throws NotExactException {
    Map<String, @Nullable Object> request = plan.request(inputs.get(runs.get(run).number()));
    request.putAll(runs.get(run).asked());
    return request;
  }

  @Override
  public Map<String, @Nullable Object> make(
      int run, @Nullable Map<String, ?> request, @Nullable Map<?, ?> answer) {
    Run made = runs.get(run);
    Map<String, @Nullable Object> arguments = new LinkedHashMap<>();
    arguments.put("program", program);
    arguments.put("state", states.get(made.state()));
    arguments.put("inputs", inputs.get(made.number()));
    arguments.put("lm", made.lm());
    arguments.put("functions", answers);
    arguments.put("tools", tools);
    arguments.put("request", request);
    arguments.put("answer", answer);
    if (answer != null) {
      spending.begin(); // the other requests are counted when they are made
    }
    return UntypedDspyProgram.named(adapter.call("trace_candidate", arguments));
  }

  @Override
  public void answered(int run, Map<String, @Nullable Object> result) {
    synchronized (results) {
      results.set(run, result);
    }
    Run made = runs.get(run);
    if (result.containsKey(CandidateRunner.ORDER)
        && checkpoint.result(made.key(), made.number()) == null) { // else it may have a score
      checkpoint.putResult(made.key(), made.number(), result);
    }
  }

  @Override
  public boolean failed(int run, TerrariumException failure) {
    return true;
  }
}
