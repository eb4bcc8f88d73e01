package dev.terrarium.dspy;

import dev.terrarium.error.ConfigurationException;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An optimizer of DSPy with its parameters, which have DSPy's names. What is not given has DSPy's
 * default. Immutable.
 *
 * <pre>{@code
 * Optimizer.bootstrapFewShot().with("max_bootstrapped_demos", 2).with("max_labeled_demos", 4)
 * }</pre>
 */
public final class Optimizer {

  /** The values that a parameter may have. */
  private sealed interface Values {

    boolean allow(Object value);

    record Whole(long least) implements Values {
      @Override
      public boolean allow(Object value) {
        return value instanceof Long number && number >= least;
      }

      @Override
      public String toString() {
        return "a whole number of at least " + least;
      }
    }

    record Real() implements Values {
      @Override
      public boolean allow(Object value) {
        return value instanceof Long || (value instanceof Double number && Double.isFinite(number));
      }

      @Override
      public String toString() {
        return "a finite number";
      }
    }

    record Flag() implements Values {
      @Override
      public boolean allow(Object value) {
        return value instanceof Boolean;
      }

      @Override
      public String toString() {
        return "true or false";
      }
    }

    record Text() implements Values {
      @Override
      public boolean allow(Object value) {
        return value instanceof String text && !text.isBlank();
      }

      @Override
      public String toString() {
        return "the name of a model";
      }
    }

    record OneOf(List<String> texts) implements Values {
      @Override
      public boolean allow(Object value) {
        return texts.contains(value);
      }

      @Override
      public String toString() {
        return "one of " + String.join(", ", texts);
      }
    }
  }

  private static final Values COUNT = new Values.Whole(1);
  private static final Values FROM_ZERO = new Values.Whole(0);
  private static final Values REAL = new Values.Real();
  private static final Values FLAG = new Values.Flag();
  private static final Values MODEL = new Values.Text();
  private static final Values AUTO = new Values.OneOf(List.of("light", "medium", "heavy"));

  /** The optimizers, by the names that the bridge has for them. */
  private enum Kind {
    LABELED_FEW_SHOT("LabeledFewShot", Map.of("k", COUNT, "sample", FLAG)),
    BOOTSTRAP_FEW_SHOT("BootstrapFewShot", bootstrap(Map.of())),
    RANDOM_SEARCH(
        "BootstrapFewShotWithRandomSearch",
        bootstrap(Map.of("num_candidate_programs", FROM_ZERO, "stop_at_score", REAL))),
    KNN_FEW_SHOT(
        "KNNFewShot",
        Map.of(
            "k", COUNT,
            "vectorizer", MODEL,
            "max_bootstrapped_demos", FROM_ZERO,
            "max_labeled_demos", FROM_ZERO,
            "max_rounds", COUNT,
            "max_errors", COUNT,
            "metric_threshold", REAL)),
    MIPRO(
        "MIPROv2",
        Map.ofEntries(
            Map.entry("auto", AUTO),
            Map.entry("num_candidates", COUNT),
            Map.entry("num_trials", COUNT),
            Map.entry("max_bootstrapped_demos", FROM_ZERO),
            Map.entry("max_labeled_demos", FROM_ZERO),
            Map.entry("seed", FROM_ZERO),
            Map.entry("init_temperature", REAL),
            Map.entry("max_errors", COUNT),
            Map.entry("metric_threshold", REAL),
            Map.entry("minibatch", FLAG),
            Map.entry("minibatch_size", COUNT),
            Map.entry("minibatch_full_eval_steps", COUNT),
            Map.entry("program_aware_proposer", FLAG),
            Map.entry("data_aware_proposer", FLAG),
            Map.entry("view_data_batch_size", COUNT),
            Map.entry("tip_aware_proposer", FLAG),
            Map.entry("fewshot_aware_proposer", FLAG),
            Map.entry("prompt_model", MODEL),
            Map.entry("teacher_model", MODEL))),
    COPRO(
        "COPRO",
        Map.of(
            "breadth", new Values.Whole(2),
            "depth", COUNT,
            "init_temperature", REAL,
            "prompt_model", MODEL)),
    SIMBA(
        "SIMBA",
        Map.of(
            "bsize", COUNT,
            "num_candidates", COUNT,
            "max_steps", COUNT,
            "max_demos", FROM_ZERO,
            "demo_input_field_maxlen", COUNT,
            "temperature_for_sampling", REAL,
            "temperature_for_candidates", REAL,
            "seed", FROM_ZERO,
            "prompt_model", MODEL,
            "teacher_model", MODEL)),
    GEPA(
        "GEPA",
        Map.ofEntries(
            Map.entry("auto", AUTO),
            Map.entry("max_full_evals", COUNT),
            Map.entry("max_metric_calls", COUNT),
            Map.entry("reflection_minibatch_size", COUNT),
            Map.entry(
                "candidate_selection_strategy",
                new Values.OneOf(List.of("pareto", "current_best"))),
            Map.entry("skip_perfect_score", FLAG),
            Map.entry("add_format_failure_as_feedback", FLAG),
            Map.entry("use_merge", FLAG),
            Map.entry("max_merge_invocations", FROM_ZERO),
            Map.entry("component_selector", new Values.OneOf(List.of("round_robin", "all"))),
            Map.entry("failure_score", REAL),
            Map.entry("perfect_score", REAL),
            Map.entry("seed", FROM_ZERO),
            Map.entry("reflection_model", MODEL))),
    ENSEMBLE("Ensemble", Map.of()),
    BOOTSTRAP_FINETUNE("BootstrapFinetune", Map.of()),
    BETTER_TOGETHER("BetterTogether", Map.of("valset_ratio", REAL, "seed", FROM_ZERO));

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // nothing changes it
    private final Map<String, Values> parameters;

    Kind(String title, Map<String, Values> parameters) {
      this.title = title;
      this.parameters = new TreeMap<>(parameters);
    }

    private static Map<String, Values> bootstrap(Map<String, Values> more) {
      Map<String, Values> all = new TreeMap<>(more);
      all.put("max_bootstrapped_demos", FROM_ZERO);
      all.put("max_labeled_demos", FROM_ZERO);
      all.put("max_rounds", COUNT);
      all.put("max_errors", COUNT);
      all.put("metric_threshold", REAL);
      all.put("teacher_model", MODEL);
      return all;
    }

    /** Returns the name that the bridge has for the optimizer. */
    String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the name by which a user calls the optimizer. */
    String shortName() {
      return id().replace("_few_shot", "");
    }
  }

  /** The optimizers that a name and parameters make, which find a state of one program. */
  private static final Set<Kind> NAMED =
      EnumSet.complementOf(
          EnumSet.of(
              Kind.KNN_FEW_SHOT, Kind.ENSEMBLE, Kind.BOOTSTRAP_FINETUNE, Kind.BETTER_TOGETHER));

  private final Kind kind;
  private final Map<String, Object> parameters;

  private Optimizer(Kind kind, Map<String, Object> parameters) {
    this.kind = kind;
    this.parameters = parameters;
  }

  private static Optimizer of(Kind kind) {
    return new Optimizer(kind, Map.of());
  }

  /** Returns {@code LabeledFewShot}: {@code k} examples become demonstrations. */
  public static Optimizer labeledFewShot() {
    return of(Kind.LABELED_FEW_SHOT);
  }

  /**
   * Returns {@code BootstrapFewShot}: runs of the program that the metric accepts become
   * demonstrations, beside labeled examples.
   */
  public static Optimizer bootstrapFewShot() {
    return of(Kind.BOOTSTRAP_FEW_SHOT);
  }

  /**
   * Returns {@code BootstrapFewShotWithRandomSearch}: several sets of demonstrations, of which the
   * best is taken.
   */
  public static Optimizer bootstrapFewShotWithRandomSearch() {
    return of(Kind.RANDOM_SEARCH);
  }

  /**
   * Returns {@code KNNFewShot}, which makes a program of its own: {@link Dspy#knnFewShot}. Needs
   * the parameter {@code k}, how many of the nearest examples it takes; {@code vectorizer} names an
   * embedding model. As an optimizer of a program it is refused, since no state of that program
   * could choose demonstrations for each input.
   */
  public static Optimizer knnFewShot() {
    return of(Kind.KNN_FEW_SHOT);
  }

  /**
   * Returns {@code MIPROv2}: instructions that the model proposes, and sets of demonstrations, in
   * the combination that Bayesian optimization finds. Needs the dependency {@code
   * terrarium-python-dspy-optimizers}.
   */
  public static Optimizer miproV2() {
    return of(Kind.MIPRO);
  }

  /** Returns {@code COPRO}: instructions that the model proposes in view of the scores so far. */
  public static Optimizer copro() {
    return of(Kind.COPRO);
  }

  /**
   * Returns {@code SIMBA}: demonstrations and rules of examples on which the program is
   * inconsistent. Needs the dependency {@code terrarium-python-dspy-optimizers}.
   */
  public static Optimizer simba() {
    return of(Kind.SIMBA);
  }

  /**
   * Returns {@code GEPA}: instructions that the model writes in reflection on the metric's
   * feedback. Needs one of the parameters {@code auto}, {@code max_full_evals} and {@code
   * max_metric_calls}.
   */
  public static Optimizer gepa() {
    return of(Kind.GEPA);
  }

  /**
   * Returns {@code Ensemble}, which is refused when it runs, since it makes one program of several,
   * and no state of one: {@link Dspy#ensemble}.
   */
  public static Optimizer ensemble() {
    return of(Kind.ENSEMBLE);
  }

  /**
   * Returns {@code BootstrapFinetune}, which is refused when it runs: it trains the weights of a
   * language model.
   */
  public static Optimizer bootstrapFinetune() {
    return of(Kind.BOOTSTRAP_FINETUNE);
  }

  /**
   * Returns {@code BetterTogether}: optimizers one after another, of which the best result is
   * taken.
   *
   * @param strategy names of the optimizers in order, such as {@code "p -> q -> p"}
   */
  public static Optimizer betterTogether(String strategy, Map<String, Optimizer> optimizers) {
    for (String step : strategy.split(" -> ", -1)) {
      if (!optimizers.containsKey(step)) {
        throw new ConfigurationException(
            "strategy: '"
                + strategy
                + "' names the optimizer '"
                + step
                + "'. Optimizers: "
                + optimizers.keySet());
      }
    }
    Map<String, Object> nested = new TreeMap<>();
    optimizers.forEach((name, optimizer) -> nested.put(name, optimizer.toMap()));
    return new Optimizer(
        Kind.BETTER_TOGETHER, Map.of("strategy", strategy, "optimizers", Map.copyOf(nested)));
  }

  /**
   * Returns the optimizer of a name without regard to case, such as {@code mipro}, {@code
   * bootstrap} or DSPy's {@code BootstrapFewShot}, with default parameters.
   *
   * @throws ConfigurationException when there is none, with the names
   */
  public static Optimizer named(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    for (Kind kind : Kind.values()) {
      if (kind.id().equals(wanted)
          || kind.title.toLowerCase(Locale.ROOT).equals(wanted)
          || kind.shortName().equals(wanted)) {
        return of(kind);
      }
    }
    throw new ConfigurationException(
        "optimizer: there is no optimizer '"
            + name
            + "'. Optimizers: "
            + NAMED.stream().map(Kind::shortName).collect(Collectors.joining(", ")));
  }

  /**
   * Returns the same optimizer with a parameter.
   *
   * @param name of DSPy; {@code prompt_model}, {@code teacher_model} and {@code reflection_model}
   *     name a language model other than the program's
   * @param value a number, a boolean or a text
   * @throws ConfigurationException when the optimizer has no such parameter, with those that it
   *     has, or for a value that it may not have
   */
  public Optimizer with(String name, Object value) {
    Values values = kind.parameters.get(name);
    if (values == null) {
      throw new ConfigurationException(
          kind.title
              + " has no parameter '"
              + name
              + "'. Parameters: "
              + String.join(", ", kind.parameters.keySet()));
    }
    Object plain = value instanceof Integer number ? Long.valueOf(number) : value;
    if (!values.allow(plain)) {
      throw new ConfigurationException(
          kind.title + ": " + name + " must be " + values + ", and is " + value);
    }
    Map<String, Object> all = new LinkedHashMap<>(parameters);
    all.put(name, plain);
    return new Optimizer(kind, all);
  }

  /** Returns DSPy's name of the optimizer. */
  public String name() {
    return kind.title;
  }

  /** Returns the parameters that were given, by name. */
  public Map<String, Object> parameters() {
    return new TreeMap<>(parameters);
  }

  /**
   * Returns the parameters of {@code KNNFewShot}.
   *
   * @throws ConfigurationException when this is another optimizer, or {@code k} is missing
   */
  Map<String, Object> parametersOfNearest() {
    if (kind != Kind.KNN_FEW_SHOT || !parameters.containsKey("k")) {
      throw new ConfigurationException(
          "knnFewShot takes Optimizer.knnFewShot() with the parameter 'k', and got " + this);
    }
    return parameters;
  }

  /** Returns the form that the bridge's command takes. */
  Map<String, Object> toMap() {
    Map<String, @Nullable Object> sent = new TreeMap<>(parameters);
    if (kind == Kind.MIPRO
        && (sent.containsKey("num_candidates") || sent.containsKey("num_trials"))) {
      sent.putIfAbsent("auto", null); // which would set both
    }
    return Map.of("kind", kind.id(), "parameters", sent);
  }

  @Override
  public String toString() {
    return kind.title + parameters();
  }
}
