package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
      description =
          "One of ${COMPLETION-CANDIDATES}; PREDICT when left out. FILE, of which memory is the"
              + " point, is written to scale-file.json.")
  Workload workload = Workload.PREDICT;

  @Option(
      names = "--duration",
      paramLabel = "D",
      converter = Durations.class,
      description =
          "How long each is measured after as long again to warm up; 20s when left out, with"
              + " --quick 5s.")
  Duration duration = Duration.ZERO;

  @Option(
      names = "--model",
      paramLabel = "FILE.gguf",
      description =
          "A real model in place of one that answers at once: all contexts share one, each process"
              + " loads its own. Written to scale-real.json.")
  @Nullable Path model;

  @Override
  String experiment() {
    return model != null ? "scale-real" : workload == Workload.FILE ? "scale-file" : "scale";
  }

  @Override
  void check() {
    if (model != null && !Files.isRegularFile(model)) {
      throw new ParameterException(
          spec.commandLine(), "--model is " + model + ": there is no such file.");
    }
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
        "runs",
        runs(),
        "workload",
        workload.title(),
        "duration",
        duration().toString(),
        "model",
        model == null ? "answers at once" : String.valueOf(model.getFileName()));
  }

  @Override
  void measure(Experiment experiment, PythonSide python) throws IOException {
    boolean compiled = !quick && experiment.has("contexts, compiled", Jvm.COMPILED.missing());
    Optional<String> missing = workload.missing(python);
    if (model != null && missing.isEmpty()) {
      missing = python.missing("xllamacpp");
    }
    boolean processes = experiment.has("CPython processes", missing);
    for (int run = 1; run <= runs(); run++) {
      for (int n : workers()) {
        measure(experiment, run, n, Jvm.INTERPRETED, "TERRARIUM", "contexts, interpreted");
        if (compiled) {
          measure(experiment, run, n, Jvm.COMPILED, "TERRARIUM", "contexts, compiled");
        }
        if (processes) {
          measure(experiment, run, n, Jvm.INTERPRETED, "PROCESSES", "CPython processes");
        }
      }
    }
  }

  private void measure(Experiment experiment, int run, int n, Jvm jvm, String peer, String variant)
      throws IOException {
    Map<String, Object> row = Experiment.row("variant", variant, "workers", n, "run", run);
    List<String> arguments =
        new ArrayList<>(
            List.of("scale", peer, workload.name(), Integer.toString(n), duration().toString()));
    if (model != null) {
      arguments.add(model.toAbsolutePath().toString());
    }
    row.putAll(Child.run(jvm, arguments.toArray(String[]::new)));
    experiment.add(row);
  }
}
