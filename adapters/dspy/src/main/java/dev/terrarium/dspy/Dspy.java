package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Invocable;
import dev.terrarium.Programs;
import dev.terrarium.PythonSource;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import dev.terrarium.tool.Tool;
import dev.terrarium.tool.Tools;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The typed facade of DSPy: {@code terrarium.adapter(Dspy.class)}. The components of a record are
 * the fields of a signature; a language model that can be constrained keeps to their types.
 * Thread-safe.
 *
 * <p>Creating a typed program does not load DSPy: the program's first call loads it, or {@link
 * dev.terrarium.Terrarium#prewarm} ahead of that. When DSPy refuses a signature, that call throws.
 */
public final class Dspy {

  /** The names by which Python calls the metric and the reducing function of a program. */
  private static final String METRIC = "@metric";

  private static final String REDUCE = "@reduce";

  private final Adapter adapter;

  /** The ids of the programs that optimizers work on; the facades of one Terrarium share it. */
  private final Set<String> optimizing;

  Dspy(Adapter adapter) {
    this(adapter, ConcurrentHashMap.newKeySet());
  }

  private Dspy(Adapter adapter, Set<String> optimizing) {
    this.adapter = adapter;
    this.optimizing = optimizing;
  }

  /**
   * Returns a program that asks for the outputs at once ({@code dspy.Predict}), with default
   * options.
   */
  public <I extends Record, O extends Record> DspyProgram<I, O> predict(
      Class<I> inputs, Class<O> outputs) {
    return predict(inputs, outputs, DspyOptions.ofDefaults());
  }

  /** Returns a program as {@link #predict(Class, Class)} does, with options. */
  public <I extends Record, O extends Record> DspyProgram<I, O> predict(
      Class<I> inputs, Class<O> outputs, DspyOptions options) {
    return create("predict", inputs, outputs, options);
  }

  /**
   * Returns a program that lets the model reason before it answers ({@code dspy.ChainOfThought}),
   * with default options.
   */
  public <I extends Record, O extends Record> DspyProgram<I, O> chainOfThought(
      Class<I> inputs, Class<O> outputs) {
    return chainOfThought(inputs, outputs, DspyOptions.ofDefaults());
  }

  /** Returns a program as {@link #chainOfThought(Class, Class)} does, with options. */
  public <I extends Record, O extends Record> DspyProgram<I, O> chainOfThought(
      Class<I> inputs, Class<O> outputs, DspyOptions options) {
    return create("chain_of_thought", inputs, outputs, options);
  }

  /**
   * Returns a program in which the model calls tools until it has what it needs for the outputs
   * ({@code dspy.ReAct}), with default options.
   */
  public <I extends Record, O extends Record> ReActProgram<I, O> react(
      Class<I> inputs, Class<O> outputs, Tools tools) {
    return react(inputs, outputs, tools, DspyOptions.ofDefaults());
  }

  /**
   * Returns a program as {@link #react(Class, Class, Tools)} does, with options.
   *
   * @throws ConfigurationException when there is no tool, or one has the name {@code finish}, which
   *     DSPy has for itself
   */
  public <I extends Record, O extends Record> ReActProgram<I, O> react(
      Class<I> inputs, Class<O> outputs, Tools tools, DspyOptions options) {
    List<Tool> all = tools.list();
    if (all.isEmpty() || all.stream().anyMatch(tool -> tool.name().equals("finish"))) {
      throw new ConfigurationException(
          "react needs at least one tool, and none of the name 'finish', which DSPy has for itself:"
              + " "
              + tools);
    }
    Map<String, Object> spec = Specs.of("react", inputs, outputs, options);
    spec.put("tools", tools.definitions());
    return new ReActProgram<>(adapter, programs().define(spec), inputs, outputs, tools);
  }

  /**
   * Returns a program in which the model writes code that looks at the inputs, which may be longer
   * than its context window ({@code dspy.RLM}), without tools and with default options.
   */
  public <I extends Record, O extends Record> RlmProgram<I, O> rlm(
      Class<I> inputs, Class<O> outputs) {
    return rlm(inputs, outputs, Tools.of(), DspyOptions.ofDefaults());
  }

  /**
   * Returns a program as {@link #rlm(Class, Class)} does, with tools and options. The code calls a
   * tool as a function of its name, by position or by name. A failure of the tool is an exception
   * in the code, unless it is to end the call.
   *
   * <p>When DSPy refuses a name, such as a tool {@code print} or an input of a tool's name, the
   * first call throws.
   */
  public <I extends Record, O extends Record> RlmProgram<I, O> rlm(
      Class<I> inputs, Class<O> outputs, Tools tools, DspyOptions options) {
    Map<String, Object> spec = Specs.of("rlm", inputs, outputs, options);
    spec.put("tools", tools.definitions());
    return new RlmProgram<>(adapter, spec, inputs, outputs, tools);
  }

  private <I extends Record, O extends Record> DspyProgram<I, O> create(
      String kind, Class<I> inputs, Class<O> outputs, DspyOptions options) {
    return new DspyProgram<>(
        adapter, programs().define(Specs.of(kind, inputs, outputs, options)), inputs, outputs);
  }

  /**
   * Returns a program that runs a {@code dspy.Module} class of Python code on the class path, with
   * default options.
   *
   * @param resource absolute name of the resource, as {@link PythonSource#fromResource} takes it
   * @param className the class, or a function that returns a module
   * @see #module(PythonSource, String, Class, Class, Map, DspyOptions)
   */
  public <I extends Record, O extends Record> DspyProgram<I, O> module(
      String resource, String className, Class<I> inputs, Class<O> outputs) {
    return module(
        PythonSource.fromResource(resource),
        className,
        inputs,
        outputs,
        Map.of(),
        DspyOptions.ofDefaults());
  }

  /**
   * Returns a program that runs a {@code dspy.Module} class of one's own Python code. Its {@code
   * forward} takes the components of the inputs by name, and returns a {@code dspy.Prediction} that
   * has the components of the outputs. The registry keeps the code with the program, so any context
   * can run it.
   *
   * <p>An exception in {@code forward} is a {@link dev.terrarium.error.PythonException} with the
   * file and line of the code. Code that cannot be loaded fails the program's first call, with an
   * {@link dev.terrarium.error.ArgumentException} that has them.
   *
   * @param className the class, or a function that returns a module
   * @param arguments of the constructor by name: plain data
   * @param options for all predictors of the module
   * @throws dev.terrarium.error.ArgumentException when the code has a syntax error, with its line
   */
  public <I extends Record, O extends Record> DspyProgram<I, O> module(
      PythonSource source,
      String className,
      Class<I> inputs,
      Class<O> outputs,
      Map<String, ?> arguments,
      DspyOptions options) {
    Map<String, Object> spec = Specs.of("module", inputs, outputs, options);
    spec.put("source", source);
    spec.put("class", className);
    spec.put("arguments", arguments);
    return new DspyProgram<>(adapter, programs().define(spec), inputs, outputs);
  }

  /**
   * Returns a program that runs a module of one's own in Java.
   *
   * @throws ConfigurationException when the module has no predictor
   */
  public <I extends Record, O extends Record> DspyModuleProgram<I, O> module(
      DspyModule<I, O> module) {
    if (module.predictors().isEmpty()) {
      throw new ConfigurationException(
          module.getClass().getSimpleName()
              + " has no predictor: declare one by predict or chainOfThought.");
    }
    Map<String, Object> predictors = new LinkedHashMap<>();
    module.predictors().forEach((name, predictor) -> predictors.put(name, predictor.spec()));
    Map<String, Object> spec =
        Specs.of("composed", module.inputs(), module.outputs(), DspyOptions.ofDefaults());
    spec.put("predictors", predictors);
    return new DspyModuleProgram<>(adapter, programs().define(spec), module);
  }

  /**
   * Returns a program that runs another one up to {@code n} times, at temperature 1, and returns
   * the first outputs that the reward rates with the threshold or more, else the best ({@code
   * dspy.BestOfN}). It has the state that the other program has now. A {@link ReActProgram} has
   * DSPy's limit of steps in it, 20.
   *
   * @param n from 1 to 100
   */
  public <I extends Record, O extends Record> RewardedProgram<I, O> bestOfN(
      TypedProgram<I, O> program, int n, double threshold, Reward<? super I, ? super O> reward) {
    return rewarded("best_of_n", program, n, threshold, Map.of(), reward);
  }

  /**
   * Returns a program as {@link #bestOfN} does that, after each attempt below the threshold, also
   * asks the model for advice, and gives it to the predictors of the next attempt ({@code
   * dspy.Refine}).
   *
   * @param rewarded says in words what is rewarded, which the model reads in place of the code
   */
  public <I extends Record, O extends Record> RewardedProgram<I, O> refine(
      TypedProgram<I, O> program,
      int n,
      double threshold,
      String rewarded,
      Reward<? super I, ? super O> reward) {
    return rewarded("refine", program, n, threshold, Map.of("reward", rewarded), reward);
  }

  private <I extends Record, O extends Record> RewardedProgram<I, O> rewarded(
      String kind,
      TypedProgram<I, O> program,
      int n,
      double threshold,
      Map<String, Object> more,
      Reward<? super I, ? super O> reward) {
    Map<String, Object> spec = inPresentState(program);
    spec.putAll(more);
    spec.put("kind", kind);
    spec.put("n", n);
    spec.put("threshold", threshold);
    return new RewardedProgram<>(adapter, programs().define(spec), program, reward);
  }

  /** Returns a program's spec and its state, if it has one, for the spec of another program. */
  private Map<String, Object> inPresentState(TypedProgram<?, ?> program) {
    Programs.Info info = programs().info(program.id());
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("of", info.spec());
    if (info.compiled()) {
      Object state = adapter.call("get_program_state", Map.of("program", program.id()));
      part.put("state", Objects.requireNonNull(state));
    }
    return part;
  }

  /**
   * Returns a program that runs another one with demonstrations that are chosen for each input
   * ({@code dspy.KNNFewShot}): of the examples that are nearest to it, those on which the other
   * program runs as the metric accepts. An input costs as many more requests as there are examples
   * to run on. Needs numpy, the artifact {@code terrarium-python-numpy}.
   *
   * @param train two examples at least; any context makes their vectors once, when it first runs
   *     the program
   * @param optimizer {@link Optimizer#knnFewShot} with its parameters
   * @param metric called in each call of the program, without a trace
   * @throws ConfigurationException for another optimizer
   */
  public <I extends Record, O extends Record> CombinedProgram<I, O> knnFewShot(
      TypedProgram<I, O> program,
      List<Example<I, O>> train,
      Optimizer optimizer,
      Metric<I, O> metric) {
    Map<String, Object> spec = nearest(program, train, optimizer);
    Map<String, HostFunction> functions = new LinkedHashMap<>(program.functions());
    if (metric instanceof PythonMetric<I, O> python) {
      spec.put("metric", python.toMap());
    } else {
      spec.put("metric", METRIC);
      Scoring<I, O> scoring = new Scoring<>(metric, adapter);
      functions.put(METRIC, arguments -> score(program, scoring, arguments));
    }
    return combined(program, spec, functions);
  }

  /**
   * Returns a program as {@link #knnFewShot(TypedProgram, List, Optimizer, Metric)} does, where
   * each run of the other program is a demonstration.
   */
  public <I extends Record, O extends Record> CombinedProgram<I, O> knnFewShot(
      TypedProgram<I, O> program, List<Example<I, O>> train, Optimizer optimizer) {
    return combined(program, nearest(program, train, optimizer), program.functions());
  }

  private Map<String, Object> nearest(
      TypedProgram<?, ?> program, List<? extends Example<?, ?>> train, Optimizer optimizer) {
    Map<String, Object> bootstrap = new LinkedHashMap<>(optimizer.parametersOfNearest());
    Map<String, Object> spec = inPresentState(program);
    spec.put("kind", "knn_few_shot");
    spec.put("k", Objects.requireNonNull(bootstrap.remove("k")));
    Object vectorizer = bootstrap.remove("vectorizer");
    if (vectorizer != null) {
      spec.put("vectorizer", vectorizer);
    }
    spec.put("bootstrap", bootstrap);
    spec.put("train", Example.rows(train));
    return spec;
  }

  private static <I extends Record, O extends Record> Object score(
      TypedProgram<I, O> program, Scoring<I, O> scoring, List<@Nullable Object> arguments) {
    Example<I, O> example =
        new Example<>(
            TypedReader.read(arguments.get(0), program.inputs(), "inputs"),
            program.outputs(Objects.requireNonNull(arguments.get(1))));
    O outputs = program.outputs(Objects.requireNonNull(arguments.get(2)));
    return scoring.score(example, outputs).value();
  }

  /**
   * Returns a program that runs others and returns what most of them do ({@code dspy.Ensemble} with
   * {@code dspy.majority}): the first outputs whose last one most of them have. The programs are in
   * the state that they have now, and have the same options.
   *
   * @throws ConfigurationException when there is no program
   */
  public <I extends Record, O extends Record> CombinedProgram<I, O> ensemble(
      List<? extends TypedProgram<I, O>> programs) {
    return ensemble(programs, programs.size());
  }

  /**
   * Returns a program as {@link #ensemble(List)} does, which runs a random choice of the others.
   *
   * @param size how many of the programs run, from 1 to all of them
   */
  public <I extends Record, O extends Record> CombinedProgram<I, O> ensemble(
      List<? extends TypedProgram<I, O>> programs, int size) {
    return ensemble(programs, parts(programs), size, null);
  }

  /**
   * Returns a program as {@link #ensemble(List, int)} does, with a function that makes the outputs
   * of those of the programs, in their order.
   */
  public <I extends Record, O extends Record> CombinedProgram<I, O> ensemble(
      List<? extends TypedProgram<I, O>> programs,
      int size,
      Function<? super List<O>, ? extends O> reduce) {
    return ensemble(programs, parts(programs), size, Objects.requireNonNull(reduce, "reduce"));
  }

  /**
   * Returns a program as {@link #ensemble(List)} does, of one program in several states, such as
   * those of several optimizations.
   *
   * @throws ConfigurationException when there is no state
   */
  public <I extends Record, O extends Record> CombinedProgram<I, O> ensemble(
      TypedProgram<I, O> program, List<ProgramState> states) {
    Object of = programs().info(program.id()).spec();
    List<Map<String, Object>> parts = new ArrayList<>();
    states.forEach(state -> parts.add(Map.of("of", of, "state", state.withoutMetadata())));
    return ensemble(List.of(program), parts, states.size(), null);
  }

  private List<Map<String, Object>> parts(List<? extends TypedProgram<?, ?>> programs) {
    return programs.stream().map(this::inPresentState).toList();
  }

  private <I extends Record, O extends Record> CombinedProgram<I, O> ensemble(
      List<? extends TypedProgram<I, O>> programs,
      List<Map<String, Object>> parts,
      int size,
      @Nullable Function<? super List<O>, ? extends O> reduce) {
    if (size < 1 || size > parts.size()) {
      throw new ConfigurationException(
          "ensemble: the size must be from 1 to the number of programs, "
              + parts.size()
              + ", and is "
              + size);
    }
    TypedProgram<I, O> first = programs.getFirst();
    Map<String, HostFunction> functions = new LinkedHashMap<>();
    programs.forEach(program -> functions.putAll(program.functions()));
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("kind", "ensemble");
    spec.put("programs", parts);
    if (size < parts.size()) {
      spec.put("size", size);
    }
    if (reduce != null) {
      spec.put("reduce", REDUCE);
      functions.put(REDUCE, arguments -> reduced(first, reduce, arguments));
    }
    return combined(first, spec, functions);
  }

  private static <I extends Record, O extends Record> Object reduced(
      TypedProgram<I, O> program,
      Function<? super List<O>, ? extends O> reduce,
      List<@Nullable Object> arguments) {
    List<O> outputs = new ArrayList<>();
    for (Object each : (List<?>) Objects.requireNonNull(arguments.getFirst())) {
      outputs.add(program.outputs(Objects.requireNonNull(each)));
    }
    return PlainData.fields(Objects.requireNonNull(reduce.apply(outputs), "reduced outputs"));
  }

  private <I extends Record, O extends Record> CombinedProgram<I, O> combined(
      TypedProgram<I, O> of, Map<String, Object> spec, Map<String, HostFunction> functions) {
    return new CombinedProgram<>(
        adapter, programs().define(spec), of.inputs(), of.outputs(), functions);
  }

  /**
   * Returns a program that makes one answer of several attempts ({@code
   * dspy.MultiChainComparison}).
   *
   * @param attempts how many it compares, from 2 to 100
   */
  public <I extends Record, O extends Record> ComparisonProgram<I, O> multiChainComparison(
      Class<I> inputs, Class<O> outputs, int attempts) {
    return multiChainComparison(inputs, outputs, attempts, DspyOptions.ofDefaults());
  }

  /** Returns a program as {@link #multiChainComparison(Class, Class, int)} does, with options. */
  public <I extends Record, O extends Record> ComparisonProgram<I, O> multiChainComparison(
      Class<I> inputs, Class<O> outputs, int attempts, DspyOptions options) {
    Map<String, Object> spec = Specs.of("multi_chain_comparison", inputs, outputs, options);
    spec.put("attempts", attempts);
    return new ComparisonProgram<>(adapter, programs().define(spec), outputs);
  }

  /**
   * Returns a search for the examples that are nearest to an input ({@code dspy.KNN}).
   *
   * @param count how many examples it returns
   * @param inputs returns the inputs of an example
   */
  public <I extends Record, T> NearestExamples<I, T> nearest(
      int count, List<T> examples, Function<? super T, ? extends I> inputs) {
    return new NearestExamples<>(adapter, examples, inputs, count);
  }

  /**
   * Returns a program whose signature is data, as from a file. DSPy is loaded to check the
   * signature.
   *
   * <p>A spec of the kind {@code module} has Python code, which runs: take such specs only from
   * whom you trust.
   *
   * @param spec {@code kind} (such as predict or chain_of_thought), {@code signature} ("question ->
   *     answer", or a map of {@code instructions, inputs, outputs}) and {@code options}
   * @throws dev.terrarium.error.ArgumentException when the spec is not valid
   */
  public UntypedDspyProgram program(Map<String, ?> spec) {
    return new UntypedDspyProgram(adapter, ProgramRef.of(programs().create(spec)));
  }

  /**
   * Runs a program on examples and scores its outputs, with default options.
   *
   * @param program any program, such as one of DSPy or a frozen one, which needs no context
   * @throws ArgumentException when there is no example, or when the metric throws or returns no
   *     finite score; a program that fails is a row with its failure
   */
  public <I, O> Evaluation<I, O> evaluate(
      Invocable<I, O> program, List<Example<I, O>> examples, Metric<I, O> metric) {
    return evaluate(program, examples, metric, EvaluateOptions.ofDefaults());
  }

  /**
   * Runs a program on examples as {@link #evaluate(Invocable, List, Metric)} does, with options.
   */
  public <I, O> Evaluation<I, O> evaluate(
      Invocable<I, O> program,
      List<Example<I, O>> examples,
      Metric<I, O> metric,
      EvaluateOptions options) {
    if (examples.isEmpty()) {
      throw new ArgumentException("evaluate: there is no example");
    }
    int threads = options.threads().orElse(adapter.contexts());
    return new Evaluator<>(program, List.copyOf(examples), new Scoring<>(metric, adapter), options)
        .run(threads);
  }

  /**
   * Has an optimizer of DSPy find a better state for a program, with default options, and gives the
   * program that state in all contexts. The examples serve to train and to validate.
   *
   * @see #optimize(TypedProgram, List, List, Optimizer, Metric, OptimizeOptions)
   */
  public <I extends Record, O extends Record> Optimization optimize(
      TypedProgram<I, O> program,
      List<Example<I, O>> examples,
      Optimizer optimizer,
      Metric<I, O> metric) {
    return optimize(program, examples, List.of(), optimizer, metric, OptimizeOptions.ofDefaults());
  }

  /**
   * Has an optimizer of DSPy find a better state for a program, and gives the program that state in
   * all contexts. The program keeps its state when no candidate scores higher. DSPy's code holds
   * one context until the end; candidates are evaluated in all contexts, or without any where they
   * can be frozen. At the end of the budget or the deadline, and when the calling thread is
   * interrupted, the program gets the best state so far.
   *
   * @param train the examples that become demonstrations, and that are reflected on
   * @param validation the examples that candidates are scored on; empty for those to train on,
   *     except that {@code MIPROv2} then keeps four of five for it
   * @throws ArgumentException when an example does not fit the program's signature; when the metric
   *     throws or returns no finite score; when another optimizer works on the program; when the
   *     optimizer cannot run, with the reason; and when the checkpoint is of another optimization
   */
  public <I extends Record, O extends Record> Optimization optimize(
      TypedProgram<I, O> program,
      List<Example<I, O>> train,
      List<Example<I, O>> validation,
      Optimizer optimizer,
      Metric<I, O> metric,
      OptimizeOptions options) {
    return alone(run(program, train, validation, optimizer, metric, options)).run();
  }

  /**
   * Optimizes a program whose inputs and outputs are maps, as the other methods of this name do.
   */
  public Optimization optimize(
      UntypedDspyProgram program,
      List<Example<Map<String, ?>, Map<String, @Nullable Object>>> train,
      List<Example<Map<String, ?>, Map<String, @Nullable Object>>> validation,
      Optimizer optimizer,
      Metric<Map<String, ?>, Map<String, @Nullable Object>> metric,
      OptimizeOptions options) {
    return alone(run(program, train, validation, optimizer, metric, options)).run();
  }

  /**
   * Starts an optimization as {@link #optimize(TypedProgram, List, List, Optimizer, Metric,
   * OptimizeOptions)} runs it, and returns without waiting for its result.
   *
   * @throws ArgumentException when another optimizer works on the program; what else that method
   *     throws is what the result fails with
   */
  public <I extends Record, O extends Record> RunningOptimization optimizeAsync(
      TypedProgram<I, O> program,
      List<Example<I, O>> train,
      List<Example<I, O>> validation,
      Optimizer optimizer,
      Metric<I, O> metric,
      OptimizeOptions options) {
    return alone(run(program, train, validation, optimizer, metric, options)).start();
  }

  /** Starts an optimization of a program whose inputs and outputs are maps. */
  public RunningOptimization optimizeAsync(
      UntypedDspyProgram program,
      List<Example<Map<String, ?>, Map<String, @Nullable Object>>> train,
      List<Example<Map<String, ?>, Map<String, @Nullable Object>>> validation,
      Optimizer optimizer,
      Metric<Map<String, ?>, Map<String, @Nullable Object>> metric,
      OptimizeOptions options) {
    return alone(run(program, train, validation, optimizer, metric, options)).start();
  }

  private <I extends Record, O extends Record> OptimizerRun<I, O> run(
      TypedProgram<I, O> program,
      List<Example<I, O>> train,
      List<Example<I, O>> validation,
      Optimizer optimizer,
      Metric<I, O> metric,
      OptimizeOptions options) {
    return new OptimizerRun<>(
        adapter,
        program.id(),
        program.functions(),
        program::outputs,
        train,
        validation,
        optimizer,
        metric,
        options);
  }

  private OptimizerRun<?, ?> run(
      UntypedDspyProgram program,
      List<Example<Map<String, ?>, Map<String, @Nullable Object>>> train,
      List<Example<Map<String, ?>, Map<String, @Nullable Object>>> validation,
      Optimizer optimizer,
      Metric<Map<String, ?>, Map<String, @Nullable Object>> metric,
      OptimizeOptions options) {
    return new OptimizerRun<>(
        adapter,
        program.id(),
        Map.of(),
        outputs -> outputs,
        train,
        validation,
        optimizer,
        metric,
        options);
  }

  /** Returns a run that is the only one of its program until it ends. */
  private RunningOptimization alone(OptimizerRun<?, ?> run) {
    String program = run.program();
    if (!optimizing.add(program)) {
      throw new ArgumentException(
          "optimize: an optimizer works on the program '"
              + program
              + "' already. Wait for it, or give this one another program.");
    }
    return new RunningOptimization(run, () -> optimizing.remove(program));
  }

  /**
   * Returns the same facade with these options for each call, including the calls of programs that
   * it creates.
   */
  public Dspy with(CallOptions options) {
    return new Dspy(adapter.with(options), optimizing);
  }

  /** Returns the programs of DSPy, whichever caller created them. */
  public Programs programs() {
    return new Programs(adapter);
  }
}
