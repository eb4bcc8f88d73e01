package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** N contexts in one process against N CPython processes: throughput, latency, memory. */
@CommandLine.Command(
    name = "scale",
    description = "N contexts against N CPython processes: throughput, latency, memory.",
    mixinStandardHelpOptions = true)
final class Scale extends Command {

  @Option(
      names = "--workers",
      split = ",",
      paramLabel = "N",
      description = "Numbers of contexts and processes; 1,2,4,8 when left out, with --quick 1,4.")
  List<Integer> workers = List.of();

  @Option(
      names = "--workload",
      paramLabel = "WORKLOAD",
      description = "One of ${COMPLETION-CANDIDATES}; PREDICT when left out.")
  Workload workload = Workload.PREDICT;

  @Option(
      names = "--duration",
      paramLabel = "D",
      converter = Durations.class,
      description =
          "How long each is measured after as long again to warm up; 20s when left out, with"
              + " --quick 5s.")
  Duration duration = Duration.ZERO;

  @Override
  void check() {
    for (int n : workers) {
      if (n < 1) {
        throw new ParameterException(
            spec.commandLine(), "--workers has " + n + ": it takes numbers from 1 on.");
      }
    }
  }

  private List<Integer> workers() {
    return workers.isEmpty() ? (quick ? List.of(1, 4) : List.of(1, 2, 4, 8)) : workers;
  }

  private Duration duration() {
    return duration.isPositive() ? duration : Duration.ofSeconds(quick ? 5 : 20);
  }

  @Override
  Map<String, Object> settings() {
    return Experiment.row(
        "runs", runs(), "workload", workload.title(), "duration", duration().toString());
  }

  @Override
  void measure(Experiment experiment, PythonSide python) throws IOException {
    for (int run = 1; run <= runs(); run++) {
      for (int n : workers()) {
        measure(experiment, run, n, Jvm.INTERPRETED, "TERRARIUM", "contexts, interpreted");
        if (!quick && Jvm.COMPILED.missing().isEmpty()) {
          measure(experiment, run, n, Jvm.COMPILED, "TERRARIUM", "contexts, compiled");
        }
        measure(experiment, run, n, Jvm.INTERPRETED, "PROCESSES", "CPython processes");
      }
    }
  }

  private void measure(Experiment experiment, int run, int n, Jvm jvm, String peer, String variant)
      throws IOException {
    Map<String, Object> row = Experiment.row("variant", variant, "workers", n, "run", run);
    row.putAll(
        Child.run(jvm, "scale", peer, workload.name(), Integer.toString(n), duration().toString()));
    experiment.add(row);
  }
}
