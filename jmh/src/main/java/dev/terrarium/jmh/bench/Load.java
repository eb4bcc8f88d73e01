package dev.terrarium.jmh.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.jmh.Bench;
import dev.terrarium.jmh.peer.InstantModel;
import dev.terrarium.jmh.peer.PythonSide;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Load on one framework, closed or open, with what bounded it. */
@CommandLine.Command(
    name = "load",
    description = "Load on one framework, with what bounded it.",
    mixinStandardHelpOptions = true)
final class Load extends Command {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUESTION = "What is the capital of France?";

  @Option(
      names = "--framework",
      paramLabel = "F",
      description = "dspy, langchain, bench (an echo; when left out), or what --file defines.")
  String framework = Bench.NAME;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "A Python file with the bridge of a framework of one's own.")
  @Nullable Path file;

  @Option(
      names = "--command",
      paramLabel = "C",
      description =
          "Its command. Without: an echo, a program on a fake model for dspy and langchain, else"
              + " ping.")
  @Nullable String command;

  @Option(
      names = "--args",
      paramLabel = "JSON",
      description = "The command's arguments as a JSON object.")
  @Nullable String arguments;

  @Option(
      names = "--users",
      paramLabel = "N",
      description = "Calls under way at once, at most; 16 when left out.")
  int users = 16;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description =
          "Open model: R calls a second are due, and times count from then. Without: closed.")
  double rate;

  @Option(
      names = "--duration",
      paramLabel = "D",
      converter = Durations.class,
      description = "Such as 30s or 5m; 30s when left out, with --quick 10s.")
  Duration duration = Duration.ZERO;

  @Option(
      names = "--warm-up",
      paramLabel = "D",
      converter = Durations.class,
      description = "The same load before, which is not measured; 5s when left out.")
  Duration warmUp = Duration.ofSeconds(5);

  @Option(names = "--contexts", paramLabel = "N", description = "Contexts; 2 when left out.")
  int contexts = 2;

  @Option(
      names = "--model-latency",
      paramLabel = "D",
      converter = Durations.class,
      description = "How long each answer of the fake language model takes; none when left out.")
  Duration modelLatency = Duration.ZERO;

  @Override
  void check() {
    require(users >= 1, "--users is " + users + ": it takes a number from 1 on");
    require(contexts >= 1, "--contexts is " + contexts + ": it takes a number from 1 on");
    require(rate >= 0, "--rate is " + rate + ": it takes calls per second, above 0");
    require(file == null || Files.isReadable(file), "--file is " + file + ", which cannot be read");
    require(
        file == null || !framework.equals(Bench.NAME),
        "--file is given without --framework, which names what it defines");
    require(
        arguments == null || command != null,
        "--args is given without --command, whose arguments they are");
    Map<String, ?> unused = given();
  }

  private void require(boolean fits, String otherwise) {
    if (!fits) {
      throw new ParameterException(spec.commandLine(), otherwise + ".");
    }
  }

  private Map<String, ?> given() {
    if (arguments == null) {
      return Map.of();
    }
    try {
      return JSON.readValue(arguments, new TypeReference<Map<String, Object>>() {});
    } catch (JsonProcessingException e) {
      throw new ParameterException(
          spec.commandLine(),
          "--args is " + arguments + ": it takes a JSON object (" + e.getOriginalMessage() + ").",
          e);
    }
  }

  @Override
  PythonSide python() {
    return PythonSide.plain();
  }

  private Duration duration() {
    return duration.isPositive() ? duration : Duration.ofSeconds(quick ? 10 : 30);
  }

  @Override
  Map<String, Object> settings() {
    return Experiment.row(
        "framework",
        framework,
        "users",
        users,
        "model",
        rate > 0 ? "open, " + rate + " calls due a second" : "closed",
        "duration",
        duration().toString(),
        "warmUp",
        warmUp.toString(),
        "contexts",
        contexts,
        "modelLatency",
        modelLatency.toString());
  }

  @Override
  void measure(Experiment experiment, PythonSide python) throws Exception {
    TerrariumConfig.Builder config =
        Bench.config(contexts, new InstantModel(modelLatency)).loadTimeout(Duration.ofMinutes(5));
    Duration shortest = Collections.max(List.of(Duration.ofSeconds(1), duration().dividedBy(100)));
    Duration window = Collections.min(List.of(shortest, duration().dividedBy(2)));
    Relay relay = new Relay();
    try (Terrarium terrarium = Terrarium.start(config.observer(relay).build())) {
      terrarium.register(Bench.framework());
      if (file != null) {
        terrarium.register(
            Framework.fromSource(framework, Files.readString(file), file.toString()));
      }
      experiment.say("loading " + framework + " into " + contexts + " contexts");
      terrarium.prewarm(framework, contexts).join();
      LoadTest.Plan plan = plan(terrarium, window);
      Object first = terrarium.call(plan.framework(), plan.command(), plan.arguments());
      experiment.say(
          plan.command()
              + " answers "
              + shortened(first)
              + "; warming up for "
              + warmUp.toSeconds()
              + " s");
      LoadTest.Outcome unused = run(relay, terrarium, withDuration(plan, warmUp), sample -> {});
      LoadTest.Outcome outcome = run(relay, terrarium, plan, sample -> say(experiment, sample));
      report(experiment, outcome);
    }
  }

  private static String shortened(@Nullable Object value) {
    String text = String.valueOf(value);
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }

  private static LoadTest.Plan withDuration(LoadTest.Plan plan, Duration duration) {
    return new LoadTest.Plan(
        plan.framework(),
        plan.command(),
        plan.arguments(),
        plan.users(),
        plan.perSecond(),
        duration,
        plan.window());
  }

  private static LoadTest.Outcome run(
      Relay relay, Terrarium terrarium, LoadTest.Plan plan, Consumer<LoadTest.Sample> progress)
      throws InterruptedException {
    LoadTest test = new LoadTest(plan);
    relay.to(test);
    return test.run(terrarium, progress);
  }

  private LoadTest.Plan plan(Terrarium terrarium, Duration window) {
    if (command != null) {
      return plan(command, given(), window);
    }
    return switch (framework) {
      case Bench.NAME -> plan("echo", Map.of("v", "0123456789".repeat(10)), window);
      case "dspy" ->
          plan(
              "predict",
              Map.of("signature", "question -> answer", "inputs", Map.of("question", QUESTION)),
              window);
      case "langchain" -> {
        Map<?, ?> made =
            (Map<?, ?>)
                Objects.requireNonNull(
                    terrarium.call(
                        framework,
                        "create_program",
                        Map.of("spec", Map.of("prompt", "Answer this: {question}"))));
        yield plan(
            "invoke",
            Map.of(
                "program",
                Objects.requireNonNull(made.get("program")),
                "inputs",
                Map.of("question", QUESTION)),
            window);
      }
      default -> plan("ping", Map.of(), window);
    };
  }

  private LoadTest.Plan plan(String name, Map<String, ?> values, Duration window) {
    return new LoadTest.Plan(framework, name, values, users, rate, duration(), window);
  }

  private static void say(Experiment experiment, LoadTest.Sample sample) {
    experiment.say(
        String.format(
            Locale.ROOT,
            "%5.0f s %9.1f calls/s %7.1f failures/s  p50 %8.2f ms  p99 %8.2f ms  active %d idle %d"
                + " waiting %d  CPU %.0f %%",
            sample.seconds(),
            sample.callsPerSecond(),
            sample.failuresPerSecond(),
            sample.p50Ms(),
            sample.p99Ms(),
            sample.active(),
            sample.idle(),
            sample.pending(),
            100 * sample.cpu()));
  }

  private static void report(Experiment experiment, LoadTest.Outcome outcome) {
    experiment.remark("command", outcome.plan().command());
    experiment.remark("callsPerSecond", outcome.callsPerSecond());
    experiment.remark("answered", outcome.service().getTotalCount());
    experiment.remark("failures", outcome.failures());
    experiment.remark("notBegun", outcome.notBegun());
    experiment.remark("endedTooLate", outcome.tooLate());
    experiment.remark("responseMs", percentiles(outcome.response()));
    experiment.remark("serviceMs", percentiles(outcome.service()));
    experiment.remark("waitMs", percentiles(outcome.waits()));
    experiment.remark("workMs", percentiles(outcome.work()));
    List<String> analysis = LoadAnalysis.of(outcome);
    analysis.forEach(System.out::println);
    experiment.remark("analysis", analysis);
    for (LoadTest.Sample sample : outcome.samples()) {
      experiment.addQuietly(
          Experiment.row(
              "seconds", sample.seconds(),
              "callsPerSecond", sample.callsPerSecond(),
              "failuresPerSecond", sample.failuresPerSecond(),
              "p50Ms", sample.p50Ms(),
              "p99Ms", sample.p99Ms(),
              "active", sample.active(),
              "idle", sample.idle(),
              "pending", sample.pending(),
              "cpu", sample.cpu()));
    }
  }

  private static Map<String, Object> percentiles(Histogram histogram) {
    return Experiment.row(
        "p50", histogram.getValueAtPercentile(50) / 1e6,
        "p90", histogram.getValueAtPercentile(90) / 1e6,
        "p99", histogram.getValueAtPercentile(99) / 1e6,
        "p99.9", histogram.getValueAtPercentile(99.9) / 1e6,
        "max", histogram.getMaxValue() / 1e6,
        "mean", histogram.getMean() / 1e6);
  }

  /** One observer for a warm-up and a test after it. */
  private static final class Relay implements TerrariumObserver {

    private volatile @Nullable TerrariumObserver observer;

    void to(TerrariumObserver next) {
      observer = next;
    }

    @Override
    public void on(TerrariumEvent event) {
      TerrariumObserver current = observer;
      if (current != null) {
        current.on(event);
      }
    }
  }
}
