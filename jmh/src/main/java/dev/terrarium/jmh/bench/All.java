package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.peer.PythonSide;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** All experiments that need no file of the user's, one after the other, and the report. */
@CommandLine.Command(
    name = "all",
    description = "All experiments, and the report: hours, with --quick about twelve minutes.",
    mixinStandardHelpOptions = true)
final class All implements Callable<Integer> {

  private static final List<String> EXPERIMENTS =
      List.of(
          "echo",
          "start",
          "warmup",
          "scale",
          "scale --workload FILE",
          "micro",
          "pool",
          "load --framework dspy --users 16 --contexts 2");

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the results; docs/benchmarks of this checkout when left out.")
  Path out = PythonSide.root().resolve("docs/benchmarks");

  @Option(names = "--quick", description = "One run and few settings of each.")
  boolean quick;

  @Override
  public Integer call() {
    int worst = 0;
    for (String experiment : EXPERIMENTS) {
      List<String> arguments = new ArrayList<>(List.of(experiment.split(" ")));
      arguments.addAll(List.of("--out", out.toString()));
      if (quick) {
        arguments.add("--quick");
      }
      worst = Math.max(worst, Main.execute(arguments.toArray(String[]::new)));
    }
    return Math.max(worst, Main.execute("report", "--in", out.toString(), "--out", out.toString()));
  }
}
