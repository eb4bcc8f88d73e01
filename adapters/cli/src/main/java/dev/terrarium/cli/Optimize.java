package dev.terrarium.cli;

import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.Example;
import dev.terrarium.dspy.Metric;
import dev.terrarium.dspy.Optimization;
import dev.terrarium.dspy.OptimizeOptions;
import dev.terrarium.dspy.Optimizer;
import dev.terrarium.dspy.Progress;
import dev.terrarium.dspy.UntypedDspyProgram;
import dev.terrarium.error.ConfigurationException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code optimize}, which has an optimizer of DSPy find a better state. */
@Command(
    name = "optimize",
    description = {
      "Finds better prompts: terrarium optimize FILE.yaml TRAIN.jsonl --output state.json",
      "`run`, `eval` and a further `optimize` take the state that it writes by --state."
    },
    mixinStandardHelpOptions = true)
final class Optimize implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private ModelOption model;

  @Mixin private ProgramOptions program;

  @Parameters(index = "1", paramLabel = "TRAIN.jsonl", description = "The examples to train on.")
  private Path train = Path.of("");

  @Option(
      names = "--validation",
      paramLabel = "FILE.jsonl",
      description = "The examples to score candidates on; those to train on when left out.")
  private @Nullable Path validation;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description =
          "labeled, bootstrap (the default), random_search, copro, gepa, mipro, simba: those of"
              + " DSPy.")
  private String optimizer = "bootstrap";

  @Option(
      names = "--set",
      paramLabel = "NAME=VALUE",
      description = "A parameter of the optimizer, by DSPy's name; may be repeated.")
  private Map<String, String> parameters = new LinkedHashMap<>();

  @Option(
      names = "--metric",
      paramLabel = "METRIC",
      description = "exact_match (the default), f1, contains or python:FILE.py:FUNCTION.")
  private String metric = "exact_match";

  @Option(
      names = "--budget",
      paramLabel = "CALLS",
      description = "Ends after so many requests to language models, with the best so far.")
  private @Nullable Long budget;

  @Option(
      names = "--checkpoint",
      paramLabel = "FILE",
      description = "Keeps what was scored, so that the same command goes on from there.")
  private @Nullable Path checkpoint;

  @Option(
      names = "--output",
      paramLabel = "FILE.json",
      required = true,
      description = "Where the state is written, in DSPy's form.")
  private Path output = Path.of("");

  @Override
  public Integer call() {
    ProgramFile file = program.read(spec.commandLine());
    List<Example<Map<String, ?>, Map<String, @Nullable Object>>> examples =
        ExampleFile.read(train, file, spec.commandLine());
    List<Example<Map<String, ?>, Map<String, @Nullable Object>>> held =
        validation == null ? List.of() : ExampleFile.read(validation, file, spec.commandLine());
    Metric<Map<String, ?>, Map<String, @Nullable Object>> scoring = Eval.metric(metric, spec);
    Optimizer chosen = optimizer();
    OptimizeOptions options = options();
    try (Terrarium terrarium = Terrarium.start(program.config(model, spec.commandLine()))) {
      UntypedDspyProgram runnable = program.create(terrarium, file, spec.commandLine());
      Optimization result =
          terrarium
              .adapter(Dspy.class)
              .optimize(runnable, examples, held, chosen, scoring, options);
      result.state().save(output);
      double before =
          result.candidates().isEmpty() ? result.score() : result.candidates().getFirst().score();
      System.err.printf(
          "%s %s: %.2f %% before, %.2f %% now, %d candidates, %d model calls, %d tokens%n",
          chosen.name(),
          result.ended().name().toLowerCase(Locale.ROOT),
          before,
          result.score(),
          Math.max(0, result.candidates().size() - 1),
          result.modelCalls(),
          result.tokens());
    }
    return 0;
  }

  private Optimizer optimizer() {
    try {
      Optimizer chosen = Optimizer.named(optimizer);
      for (Map.Entry<String, String> parameter : parameters.entrySet()) {
        chosen = chosen.with(parameter.getKey(), value(parameter.getValue()));
      }
      return chosen;
    } catch (ConfigurationException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns a number or a boolean as such, and anything else as a text. */
  private static Object value(String text) {
    if (text.matches("-?\\d{1,18}")) {
      return Long.valueOf(text);
    }
    if (text.matches("-?\\d+\\.\\d+")) {
      return Double.valueOf(text);
    }
    return text.equals("true") || text.equals("false") ? (Object) Boolean.valueOf(text) : text;
  }

  private OptimizeOptions options() {
    OptimizeOptions options = OptimizeOptions.ofDefaults().withListener(Optimize::print);
    try {
      options = budget == null ? options : options.withMaxCalls(budget);
    } catch (ConfigurationException e) {
      throw new ParameterException(spec.commandLine(), "--budget: " + budget + " is below 1.", e);
    }
    return checkpoint == null ? options : options.withCheckpoint(checkpoint);
  }

  private static void print(Progress.CandidateScored progress) {
    System.err.printf(
        "candidate %d: %.2f %% of %d examples, %d failed; best %.2f %%%n",
        progress.number(),
        progress.score(),
        progress.examples(),
        progress.failed(),
        progress.best());
  }
}
