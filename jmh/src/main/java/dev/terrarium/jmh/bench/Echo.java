package dev.terrarium.jmh.bench;

import dev.terrarium.jmh.SideBySide;
import dev.terrarium.jmh.SideBySide.Payload;
import dev.terrarium.jmh.peer.JepPeer;
import dev.terrarium.jmh.peer.PeerKind;
import dev.terrarium.jmh.peer.PythonSide;
import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** An echo by all peers: how long it takes one caller, and how many a second many callers get. */
@CommandLine.Command(
    name = "echo",
    description = "An echo of five payloads by all peers, one caller and many.",
    mixinStandardHelpOptions = true)
final class Echo extends Command {

  private static final List<Integer> CALLERS = List.of(1, 2, 4, 8, 16, 32, 64);
  private static final List<Integer> FEW_CALLERS = List.of(1, 64);

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "PEER",
      description = "Some of ${COMPLETION-CANDIDATES}; all when left out.")
  List<PeerKind> peers = List.of(PeerKind.values());

  @Option(
      names = "--payloads",
      split = ",",
      paramLabel = "PAYLOAD",
      description = "Some of ${COMPLETION-CANDIDATES}; all when left out, with --quick four.")
  List<Payload> payloads = List.of();

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Contexts or processes of each peer; as many as cores when left out.")
  int workers = Runtime.getRuntime().availableProcessors();

  @Override
  void check() {
    if (workers < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--workers is " + workers + ": it takes a number from 1 on.");
    }
  }

  @Override
  int runs() {
    return runs > 0 ? runs : quick ? 1 : 3;
  }

  @Override
  Map<String, Object> settings() {
    return Experiment.row(
        "forks", runs(),
        "workers", workers,
        "warmUps", warmUps(),
        "warmUpsOfGraalPy", warmUps(Jvm.INTERPRETED_C2),
        "warmUpsWithJit", warmUps(Jvm.COMPILED_C2),
        "iterations", iterations(),
        "seconds", 1);
  }

  private int iterations() {
    return quick ? 2 : 5;
  }

  /** On two cores neither the JVM's compiler nor Graal's is done with GraalPy any sooner. */
  private int warmUps(Jvm jvm) {
    return jvm == Jvm.COMPILED_C2 ? (quick ? 6 : 30) : quick ? 2 : 12;
  }

  /** Of a peer that has no interpreter of its own to be compiled. */
  private int warmUps() {
    return quick ? 2 : 5;
  }

  private List<Payload> payloads() {
    return !payloads.isEmpty()
        ? payloads
        : quick
            ? List.of(
                Payload.TEXT_100_B, Payload.TEXT_1_KB, Payload.TEXT_10_MB, Payload.FLOATS_100_000)
            : List.of(Payload.values());
  }

  @Override
  void measure(Experiment experiment, PythonSide python) throws IOException {
    if (peers.contains(PeerKind.JEP) && PeerKind.JEP.missing(python).isEmpty()) {
      // JMH starts its forks with the class path that this says.
      String own = System.getProperty("java.class.path");
      System.setProperty("java.class.path", own + File.pathSeparator + JepPeer.jar(python));
    }
    for (PeerKind peer : peers) {
      if (!experiment.has(peer.title(), peer.missing(python))) {
        continue;
      }
      List<Jvm> jvms =
          peer.graalPy()
              ? List.of(Jvm.INTERPRETED_C2, Jvm.COMPILED_C2)
              : List.of(Jvm.INTERPRETED_C2);
      for (Jvm jvm : jvms) {
        if (experiment.has(jvm.title(), jvm.missing())) {
          String title = jvm == Jvm.COMPILED_C2 ? peer.title() + ", JIT" : peer.title();
          measure(experiment, peer, title, jvm);
        }
      }
    }
  }

  private void measure(Experiment experiment, PeerKind peer, String title, Jvm jvm) {
    for (Payload payload : payloads()) {
      if (peer != PeerKind.BARE || payload != Payload.FLOATS_100_000) { // it would go by reference
        measure(experiment, peer, title, jvm, payload, 1);
      }
    }
    for (int callers : quick || jvm == Jvm.COMPILED_C2 ? FEW_CALLERS : CALLERS) {
      if (callers > 1) {
        measure(experiment, peer, title, jvm, Payload.TEXT_1_KB, callers);
      }
    }
  }

  /** One row, or what prevented it. */
  private void measure(
      Experiment experiment, PeerKind peer, String title, Jvm jvm, Payload payload, int callers) {
    Options options =
        new OptionsBuilder()
            .include("^" + SideBySide.class.getName().replace(".", "\\.") + "\\.")
            .param("peer", peer.name())
            .param("payload", payload.name())
            .param("workers", Integer.toString(workers))
            .mode(Mode.SampleTime)
            .threads(callers)
            .forks(runs())
            .jvmArgs(jvm.flags().toArray(String[]::new))
            .jvmArgsAppend("-Dslf4j.internal.verbosity=ERROR")
            .warmupIterations(peer.graalPy() ? warmUps(jvm) : warmUps())
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(iterations())
            .measurementTime(TimeValue.seconds(1))
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .build();
    try {
      Result<?> result = new Runner(options).runSingle().getPrimaryResult();
      Statistics statistics = result.getStatistics();
      experiment.add(
          Experiment.row(
              "peer", title,
              "payload", payload.title(),
              "callers", callers,
              "p50Us", statistics.getPercentile(50),
              "p99Us", statistics.getPercentile(99),
              "p999Us", statistics.getPercentile(99.9),
              "meanUs", statistics.getMean(),
              "perSecond", callers * 1e6 / statistics.getMean(),
              "samples", statistics.getN()));
    } catch (RunnerException e) {
      experiment.failed(title + ", " + payload.title() + ", " + callers + " callers", reason(e));
    }
  }

  private static String reason(RunnerException failure) {
    Throwable cause = failure.getCause();
    return String.valueOf(
        cause != null && cause.getSuppressed().length > 0 ? cause.getSuppressed()[0] : failure);
  }
}
