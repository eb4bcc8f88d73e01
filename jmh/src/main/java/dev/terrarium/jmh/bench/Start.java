package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.Bench;
import dev.terrarium.jmh.peer.Handlers;
import dev.terrarium.jmh.peer.JsonProcesses;
import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** From the start of a process to its first answer, and to a pool that is ready, by phases. */
@CommandLine.Command(
    name = "start",
    description = "From the start of a process to its first answer and to a ready pool.",
    mixinStandardHelpOptions = true)
final class Start extends Command {

  /** What is to be there in the end. */
  private record Goal(String title, String scenario, String framework, int workers) {}

  private static final List<Goal> GOALS =
      List.of(
          new Goal("small framework", "answer", Bench.NAME, 1),
          new Goal("DSPy", "answer", "dspy", 1),
          new Goal("LangChain", "answer", "langchain", 1),
          new Goal("pool of 4 ready", "pool", Bench.NAME, 4),
          new Goal("pool of 4, DSPy", "prewarm", "dspy", 4));

  @Override
  void measure(Experiment experiment, PythonSide python) throws IOException {
    for (int run = 1; run <= runs(); run++) {
      for (Goal goal : GOALS) {
        add(experiment, goal, "contexts", run, contexts(goal, "lazy"));
        if (!goal.framework.equals(Bench.NAME)) { // which has no imports that could wait
          add(experiment, goal, "contexts, eager imports", run, contexts(goal, "eager"));
        }
        if (experiment.has(
            "CPython processes, " + goal.title, workload(goal.framework).missing(python))) {
          add(experiment, goal, "CPython processes", run, processes(goal, python));
        }
      }
    }
  }

  private static void add(
      Experiment experiment, Goal goal, String variant, int run, Map<String, Object> phases) {
    double total =
        phases.values().stream().mapToDouble(each -> ((Number) each).doubleValue()).sum();
    phases.forEach(
        (phase, seconds) ->
            experiment.add(
                Experiment.row(
                    "goal", goal.title,
                    "variant", variant,
                    "run", run,
                    "phase", phase,
                    "seconds", seconds,
                    "total", total)));
  }

  private static Map<String, Object> contexts(Goal goal, String imports) throws IOException {
    return Child.run(
        Jvm.LAUNCHER,
        Map.of("TERRARIUM_IMPORTS", imports),
        "start",
        goal.scenario,
        goal.framework,
        Integer.toString(goal.workers),
        Instant.now().toString());
  }

  private static Map<String, Object> processes(Goal goal, PythonSide python) throws IOException {
    Map<String, Object> phases = new LinkedHashMap<>();
    Child.Phase phase = new Child.Phase(phases, Instant.now());
    try (JsonProcesses processes = JsonProcesses.open(python, goal.workers)) {
      processes.callAll(Bench.NAME, "nothing", Map.of());
      phase.end(goal.workers == 1 ? "process" : "processes", Instant.now());
      if (!goal.scenario.equals("pool")) {
        if (!goal.framework.equals(Bench.NAME)) {
          Workload.Program unused = workload(goal.framework).create(processes);
        }
        phase.end("framework", Instant.now());
        firstAnswer(processes, goal.framework);
        phase.end("answer", Instant.now());
      }
    }
    return phases;
  }

  /** Of a framework that is loaded. */
  static void firstAnswer(Handlers handlers, String framework) {
    if (framework.equals(Bench.NAME)) {
      Object unused = handlers.echo("text");
    } else {
      Object unused = workload(framework).create(handlers).call();
    }
  }

  private static Workload workload(String framework) {
    return Arrays.stream(Workload.values())
        .filter(each -> each.framework().equals(framework))
        .findFirst()
        .orElseThrow();
  }
}
