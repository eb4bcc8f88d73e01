package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;

/** Benchmarks of the parts, as JMH runs them, in the form that the report reads. */
@CommandLine.Command(
    name = "micro",
    description = "JMH benchmarks of the parts: contexts, adapters, framework switches, the pool.",
    mixinStandardHelpOptions = true)
final class Micro extends Command {

  @Parameters(
      arity = "0..*",
      paramLabel = "NAME",
      description =
          "Benchmark classes; those of the side-by-side table when left out, with --quick two.")
  List<String> names = List.of();

  private List<String> names() {
    if (!names.isEmpty()) {
      return names;
    }
    return quick
        ? List.of("ContextReuse", "FrameworkSwitch")
        : List.of("ContextReuse", "GenericCall", "FrameworkSwitch", "RealSwitch", "Borrowing");
  }

  @Override
  int runs() {
    return runs > 0 ? runs : quick ? 1 : 2;
  }

  @Override
  void measure(Experiment experiment, PythonSide python) {
    for (String name : names()) {
      ChainedOptionsBuilder options =
          new OptionsBuilder()
              .include("\\." + name + "\\.")
              .forks(runs())
              .jvmArgs(Jvm.INTERPRETED_C2.flags().toArray(String[]::new))
              .shouldFailOnError(true)
              .verbosity(VerboseMode.SILENT);
      if (quick) {
        options
            .warmupIterations(2)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(3)
            .measurementTime(TimeValue.seconds(1));
      }
      try {
        for (RunResult result : new Runner(options.build()).run()) {
          experiment.add(row(result));
        }
      } catch (RunnerException e) {
        experiment.failed(name, e);
      }
    }
  }

  private static Map<String, Object> row(RunResult result) {
    BenchmarkParams benchmark = result.getParams();
    Statistics statistics = result.getPrimaryResult().getStatistics();
    List<String> parameters = new ArrayList<>();
    benchmark.getParamsKeys().forEach(key -> parameters.add(key + "=" + benchmark.getParam(key)));
    Map<String, Object> row =
        Experiment.row(
            "benchmark", benchmark.getBenchmark().replaceAll(".*\\.(\\w+\\.\\w+)$", "$1"),
            "parameters", String.join(", ", parameters),
            "threads", benchmark.getThreads(),
            "unit", result.getPrimaryResult().getScoreUnit(),
            "score", statistics.getMean());
    if (benchmark.getMode() == Mode.SampleTime) {
      row.putAll(
          Experiment.row(
              "p50", statistics.getPercentile(50),
              "p99", statistics.getPercentile(99)));
    } else {
      row.putAll(Experiment.row("min", statistics.getMin(), "max", statistics.getMax()));
    }
    return row;
  }
}
