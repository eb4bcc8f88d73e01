package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How calls get faster the more of them there were, each curve by a process of its own. */
@CommandLine.Command(
    name = "warmup",
    description =
        "Time of a call after 1, 10, 100, ... calls, interpreted, compiled, on CPython, frozen.",
    mixinStandardHelpOptions = true)
final class WarmUp extends Command {

  private static final List<Jvm> JVMS = List.of(Jvm.INTERPRETED, Jvm.COMPILED);
  private static final String PROCESS = "CPython process";

  @Option(
      names = "--workloads",
      split = ",",
      paramLabel = "WORKLOAD",
      description =
          "Some of ${COMPLETION-CANDIDATES}, with results in a file of their own, such as"
              + " warmup-chain.json; all when left out, with --quick two.")
  List<Workload> workloads = List.of();

  @Option(
      names = "--calls",
      paramLabel = "N",
      description = "Calls of each process; 10000 when left out, with --quick 1000.")
  int calls;

  @Override
  String experiment() {
    Set<Workload> some = new TreeSet<>(workloads);
    Stream<Workload> limits = some.size() == Workload.values().length ? Stream.of() : some.stream();
    return Stream.concat(Stream.of(super.experiment()), limits.map(Figures::slug))
        .collect(Collectors.joining("-"));
  }

  @Override
  void check() {
    if (calls < 0) {
      throw new ParameterException(
          spec.commandLine(), "--calls is " + calls + ": it takes a number from 1 on.");
    }
  }

  private int calls() {
    return calls > 0 ? calls : quick ? 1_000 : 10_000;
  }

  private List<Workload> workloads() {
    if (!workloads.isEmpty()) {
      return workloads;
    }
    return quick ? List.of(Workload.PREDICT, Workload.CHAIN) : List.of(Workload.values());
  }

  @Override
  Map<String, Object> settings() {
    return Experiment.row("runs", runs(), "calls", calls());
  }

  @Override
  void measure(Experiment experiment, PythonSide python) throws IOException {
    for (int run = 1; run <= runs(); run++) {
      for (Workload workload : workloads()) {
        for (Jvm jvm : JVMS) {
          if (experiment.has(jvm.title(), jvm.missing())) {
            measure(experiment, run, workload, jvm, "TERRARIUM", jvm.title());
          }
        }
        if (experiment.has(PROCESS + ", " + workload.title(), workload.missing(python))) {
          measure(experiment, run, workload, Jvm.INTERPRETED, "PROCESSES", PROCESS);
        }
        if (workload.dspy()) {
          String frozen = workload.title() + " frozen";
          measure(experiment, run, workload, Jvm.INTERPRETED, Child.FROZEN, frozen + " (C1)");
          measure(experiment, run, workload, Jvm.INTERPRETED_C2, Child.FROZEN, frozen + " (C2)");
        }
      }
    }
  }

  private void measure(
      Experiment experiment, int run, Workload workload, Jvm jvm, String peer, String variant)
      throws IOException {
    Map<String, Object> figures =
        Child.run(jvm, "warmup", peer, workload.name(), Integer.toString(calls()));
    figures.forEach(
        (count, ms) ->
            experiment.add(
                Experiment.row(
                    "workload", workload.title(),
                    "variant", variant,
                    "run", run,
                    "calls", Integer.parseInt(count),
                    "ms", ms)));
  }
}
