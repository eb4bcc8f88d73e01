package dev.terrarium.jmh.bench;

import dev.terrarium.TerrariumConfig;
import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands that measure have: where the results go, and how thorough they are. */
abstract class Command implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the results; docs/benchmarks of this checkout when left out.")
  Path out = PythonSide.root().resolve("docs/benchmarks");

  @Option(
      names = "--quick",
      description = "One run and few settings, for a first look: minutes instead of hours.")
  boolean quick;

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "How often everything is measured, in turn; 5 when left out, with --quick 1.")
  int runs;

  @Override
  public final Integer call() throws Exception {
    if (runs < 0) {
      throw new ParameterException(
          spec.commandLine(), "--runs is " + runs + ": it takes a number from 1 on.");
    }
    TerrariumConfig unused = TerrariumConfig.ofEnvironment(); // bad keys now, and not in a child
    check();
    PythonSide python = python();
    Experiment experiment =
        new Experiment(
            experiment(),
            "terrarium bench "
                + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
            python,
            settings());
    try {
      measure(experiment, python);
    } finally {
      if (!experiment.isEmpty()) {
        experiment.results().write(out);
        experiment.say("written to " + out.resolve(experiment() + ".json"));
      }
    }
    return experiment.isWhole() ? 0 : 1;
  }

  /** What its results are called. */
  String experiment() {
    return spec.name();
  }

  /** Refuses values that do not fit, each by its name. */
  void check() {}

  /** The Python side that it needs. */
  PythonSide python() throws IOException {
    return PythonSide.make();
  }

  int runs() {
    return runs > 0 ? runs : quick ? 1 : 5;
  }

  Map<String, Object> settings() {
    return Experiment.row("runs", runs());
  }

  abstract void measure(Experiment experiment, PythonSide python) throws Exception;
}
