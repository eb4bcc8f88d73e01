package dev.terrarium.jmh.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.terrarium.Terrarium;
import dev.terrarium.jmh.Bench;
import dev.terrarium.jmh.peer.JsonProcesses;
import dev.terrarium.jmh.peer.PeerKind;
import dev.terrarium.jmh.peer.PythonSide;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Help.Ansi;

/** One short run of what measures, and what it refuses. */
final class BenchTest {

  private final Path folder;

  BenchTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** With -Dterrarium.help=write it writes the text that it compares. */
  @Test
  void launcherPrintsTheHelp() throws Exception {
    Path file = Path.of("src/main/help/bench.txt");
    String help = Main.commandLine().getUsageMessage(Ansi.OFF);
    if ("write".equals(System.getProperty("terrarium.help"))) {
      Files.writeString(file, help);
    }

    assertThat(file).hasContent(help);
  }

  @Test
  void closedLoadIsMeasuredAndAnalysed() throws Exception {
    assertThat(load("--users", "3")).isZero();

    Results results = Results.readAll(folder).getFirst();
    assertThat(results.experiment()).isEqualTo("load");
    assertThat(results.rows()).isNotEmpty();
    assertThat((Integer) results.summary().get("answered")).isPositive();
    assertThat(results.summary().get("failures")).isEqualTo(Map.of());
    assertThat(results.summary().get("analysis"))
        .asInstanceOf(InstanceOfAssertFactories.list(String.class))
        .anyMatch(line -> line.contains("3 users"))
        .anyMatch(line -> line.contains("coordinated omission"));
  }

  @Test
  void openLoadCallsAtItsRate() throws Exception {
    assertThat(load("--rate", "40", "--command", "plain", "--args", "{\"n\": 1}")).isZero();

    Results results = Results.readAll(folder).getFirst();
    assertThat((Integer) results.summary().get("answered")).isBetween(1, 80);
  }

  @Test
  void aCallThatFailsBeforeTheTestIsNoLoad() {
    assertThat(load("--command", "no_such_command", "--args", "{}")).isEqualTo(1);
    assertThat(folder).isEmptyDirectory();
  }

  /** Two users who run the source for 300 ms. */
  private static LoadTest.Plan executing(String source) {
    return new LoadTest.Plan(
        Bench.NAME,
        "execute",
        Map.of("source", source),
        2,
        0,
        Duration.ofMillis(300),
        Duration.ofMillis(100));
  }

  @Test
  void failuresAreCountedByTheirKind() throws Exception {
    LoadTest.Plan plan = executing("raise ValueError('by rule')");
    try (Terrarium terrarium = Bench.start(1)) {
      LoadTest.Outcome outcome = new LoadTest(plan).run(terrarium, sample -> {});

      assertThat(outcome.failures()).containsOnlyKeys("PythonException");
      assertThat(outcome.service().getTotalCount()).isZero();
      assertThat(LoadAnalysis.of(outcome)).anyMatch(line -> line.contains("PythonException"));
    }
  }

  /** What an outcome of these figures is said to be bounded by. */
  private static String bound(double rate, long notBegun, double busy, double cpu, int pending) {
    LoadTest.Plan plan =
        new LoadTest.Plan(
            "f", "c", Map.of(), 4, rate, Duration.ofSeconds(10), Duration.ofSeconds(1));
    Histogram times = new Histogram(3);
    times.recordValue(1_000_000);
    LoadTest.Sample sample = new LoadTest.Sample(1, 1, 0, 1, 1, 2, 0, pending, cpu);
    return LoadAnalysis.of(
            new LoadTest.Outcome(
                plan,
                2,
                times,
                times,
                times,
                times,
                Map.of(),
                notBegun,
                0,
                busy,
                cpu,
                List.of(sample)))
        .stream()
        .filter(line -> line.contains("bounded throughput") || line.contains("exhausted"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void analysisNamesWhatBoundedTheThroughput() {
    assertThat(bound(100, 0, 0.5, 0.5, 0)).startsWith("The rate that was asked");
    assertThat(bound(100, 0, 0.9, 0.95, 2)).startsWith("The processor");
    assertThat(bound(100, 7, 0.9, 0.95, 2)).startsWith("The processor");
    assertThat(bound(0, 0, 0.9, 0.5, 2)).startsWith("The contexts");
    assertThat(bound(0, 0, 0.5, 0.5, 2)).startsWith("Callers queued");
    assertThat(bound(100, 7, 0.5, 0.5, 0)).startsWith("The number of users");
    assertThat(bound(0, 0, 0.5, 0.5, 0)).startsWith("Nothing was exhausted");
  }

  @Test
  void callsThatDoNotEndInTimeAreInNoFigure() throws Exception {
    LoadTest.Plan plan = executing("import time; time.sleep(1); raise ValueError('late')");
    try (Terrarium terrarium = Bench.start(2)) {
      LoadTest.Outcome outcome = new LoadTest(plan).run(terrarium, sample -> {});

      assertThat(outcome.failed()).isZero();
      assertThat(outcome.tooLate()).isEqualTo(2);
      assertThat(LoadAnalysis.of(outcome).getFirst()).startsWith("No call ended within PT0.3S");
    }
  }

  private int load(String... more) {
    String[] fixed = {"load", "--contexts", "1", "--duration", "2s", "--warm-up", "0.5s", "--out"};
    String[] all = new String[fixed.length + 1 + more.length];
    System.arraycopy(fixed, 0, all, 0, fixed.length);
    all[fixed.length] = folder.toString();
    System.arraycopy(more, 0, all, fixed.length + 1, more.length);
    return Main.execute(all);
  }

  @Test
  void aProcessThatIsMeasuredGivesItsPhases() throws Exception {
    Map<String, Object> phases =
        Child.run(Jvm.INTERPRETED, "start", "pool", "bench", "1", "2026-11-25T00:00:00Z");

    assertThat(phases).containsOnlyKeys("JVM", "context");
  }

  @Test
  void aProcessThatIsMeasuredHasItsEnvironment() {
    assertThatIOException()
        .isThrownBy(
            () ->
                Child.run(
                    Jvm.INTERPRETED,
                    Map.of("TERRARIUM_IMPORTS", "some"),
                    "start",
                    "pool",
                    "bench",
                    "1",
                    "2026-11-25T00:00:00Z"))
        .withMessageContaining("ended without figures");
  }

  @Test
  void processesEchoAndSayWhatFailed() throws Exception {
    try (JsonProcesses processes = JsonProcesses.open(PythonSide.plain(), 2)) {
      double[] floats = {1.5, -2, 1e300};
      assertThat(processes.echo("ä€")).isEqualTo("ä€");
      assertThat(processes.echo(floats)).isEqualTo(floats);
      assertThat(processes.call("bench", "nothing", Map.of())).isNull();
      assertThatIllegalStateException()
          .isThrownBy(() -> processes.call("bench", "other", Map.of()))
          .withMessageContaining("KeyError");
    }
  }

  @Test
  void peersThatAreNotSetUpAreNamedWithWhatToDo() {
    assertThat(List.of(PeerKind.GRPC, PeerKind.PY4J, PeerKind.JEP))
        .allSatisfy(
            peer ->
                assertThat(peer.missing(PythonSide.plain())).get().asString().contains("setup.py"));
    assertThat(PeerKind.PROCESSES.missing(PythonSide.plain())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "load --users 0 | --users is 0",
        "load --contexts 0 | --contexts is 0",
        "load --rate -1 | --rate is -1",
        "load --duration 5 | no duration above zero",
        "load --duration 0s | no duration above zero",
        "load --args [] --command x | --args is []",
        "load --args {} | --args is given without --command",
        "load --file nowhere.py --framework x | --file is nowhere.py",
        "warmup --calls -1 | --calls is -1",
        "warmup --workloads OTHER | OTHER",
        "scale --workers 1,0 | --workers has 0",
        "scale --model nowhere.gguf | --model is nowhere.gguf",
        "echo --workers 0 | --workers is 0",
        "echo --peers OTHER | OTHER",
        "pool --runs -1 | --runs is -1",
        "other | other",
      })
  void badValuesAreNamed(String command, String named) {
    PrintStream before = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
    int status;
    try {
      status = Main.execute(command.split(" ", -1));
    } finally {
      System.setErr(before);
    }
    assertThat(status).isEqualTo(2);
    assertThat(captured.toString(StandardCharsets.UTF_8)).contains(named);
  }
}
