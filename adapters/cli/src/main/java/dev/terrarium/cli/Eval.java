package dev.terrarium.cli;

import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.EvaluateOptions;
import dev.terrarium.dspy.Evaluation;
import dev.terrarium.dspy.Example;
import dev.terrarium.dspy.Metric;
import dev.terrarium.dspy.UntypedDspyProgram;
import dev.terrarium.error.ArgumentException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code eval}, which scores a program on examples and prints a table. */
@Command(
    name = "eval",
    description = {
      "Scores a program on examples: terrarium eval FILE.yaml EXAMPLES.jsonl > table.csv",
      "Each line has the program's inputs and the expected outputs; the table has a row for each."
    },
    mixinStandardHelpOptions = true)
final class Eval implements Callable<Integer> {

  /** The form of the table. */
  enum Format {
    CSV,
    JSON
  }

  @Spec private CommandSpec spec;

  @Mixin private ModelOption model;

  @Mixin private ProgramOptions program;

  @Parameters(index = "1", paramLabel = "EXAMPLES.jsonl", description = "The examples.")
  private Path examples = Path.of("");

  @Option(
      names = "--metric",
      paramLabel = "METRIC",
      description = "exact_match (the default), f1, contains or python:FILE.py:FUNCTION.")
  private String metric = "exact_match";

  @Option(names = "--format", description = "CSV (the default) or JSON.")
  private Format format = Format.CSV;

  @Option(
      names = "--max-errors",
      paramLabel = "N",
      description = "Ends at so many failures, 10 by default.")
  private @Nullable Integer maxErrors;

  @Override
  public Integer call() throws IOException {
    ProgramFile file = program.read(spec.commandLine());
    List<Example<Map<String, ?>, Map<String, @Nullable Object>>> rows =
        ExampleFile.read(examples, file, spec.commandLine());
    Metric<Map<String, ?>, Map<String, @Nullable Object>> scoring = metric(metric, spec);
    try (Terrarium terrarium = Terrarium.start(program.config(model, spec.commandLine()));
        ProgressBar progress = ProgramOptions.progressBar("examples", rows.size())) {
      Dspy dspy = terrarium.adapter(Dspy.class);
      UntypedDspyProgram runnable = program.create(terrarium, file, spec.commandLine());
      EvaluateOptions options =
          EvaluateOptions.ofDefaults()
              .withListener(
                  done -> {
                    if (progress != null) {
                      progress.stepTo(done.done());
                    }
                  });
      Evaluation<Map<String, ?>, Map<String, @Nullable Object>> result =
          dspy.evaluate(
              runnable,
              rows,
              scoring,
              maxErrors == null ? options : options.withMaxErrors(maxErrors));
      System.out.print(format == Format.CSV ? result.toCsv() : result.toJson() + "\n");
      Main.checkOutput();
      return report(result);
    }
  }

  /** Returns the metric of a name; one that does not exist is bad usage. */
  static <I, O> Metric<I, O> metric(String name, CommandSpec spec) {
    try {
      return Metric.named(name);
    } catch (ArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--metric: " + String.valueOf(e.getMessage()), e);
    }
  }

  private static int report(Evaluation<?, ?> result) {
    int failed = result.failures().size();
    long reached = result.rows().stream().filter(row -> row.score().isPresent()).count();
    System.err.printf("score: %.2f %% of %d examples%n", result.score(), reached);
    if (failed > 0 || result.ended() != Evaluation.End.FINISHED) {
      System.err.printf(
          "terrarium: %d examples failed, %d were not reached%n",
          failed, result.rows().size() - reached);
      return 1;
    }
    return 0;
  }
}
