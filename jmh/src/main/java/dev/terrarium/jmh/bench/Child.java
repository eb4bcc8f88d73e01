package dev.terrarium.jmh.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.jmh.Bench;
import dev.terrarium.jmh.peer.Handlers;
import dev.terrarium.jmh.peer.JsonProcesses;
import dev.terrarium.jmh.peer.PythonSide;
import dev.terrarium.jmh.peer.TerrariumPeer;
import dev.terrarium.llamacpp.LlamaCppModel;
import dev.terrarium.llamacpp.LlamaCppOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * A process that is measured: it does one thing, prints the figures as one line of JSON, and ends.
 */
final class Child {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** In place of a peer: Terrarium without Python. */
  static final String FROZEN = "FROZEN";

  private static final String MARK = "RESULT ";

  /** None takes as long: what does hangs. */
  private static final Duration LONGEST = Duration.ofHours(1);

  private static final Logger LOGS = Logger.getLogger("");

  private Child() {}

  /** Starts one and waits for its figures. */
  static Map<String, Object> run(Jvm jvm, String... arguments) throws IOException {
    return run(jvm, Map.of(), arguments);
  }

  /** The same with variables of the environment beside those of this process. */
  static Map<String, Object> run(Jvm jvm, Map<String, String> environment, String... arguments)
      throws IOException {
    Process process = jvm.start(Child.class, environment, List.of(arguments));
    CompletableFuture<Void> limit =
        CompletableFuture.runAsync(
            process::destroyForcibly,
            CompletableFuture.delayedExecutor(LONGEST.toSeconds(), TimeUnit.SECONDS));
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith(MARK)) {
          return JSON.readValue(line.substring(MARK.length()), new TypeReference<>() {});
        }
      }
      throw new IOException(
          (limit.isDone()
                  ? "a process took more than " + LONGEST
                  : "a process ended without figures")
              + ": "
              + jvm
              + " "
              + Arrays.toString(arguments));
    } finally {
      limit.cancel(false);
      process.destroy();
    }
  }

  public static void main(String[] arguments) throws IOException {
    Instant began = Instant.now();
    LOGS.setLevel(Level.SEVERE);
    Map<String, Object> figures =
        switch (arguments[0]) {
          case "warmup" ->
              warmUp(Workload.valueOf(arguments[2]), arguments[1], Integer.parseInt(arguments[3]));
          case "scale" ->
              scale(
                  Workload.valueOf(arguments[2]),
                  arguments[1],
                  Integer.parseInt(arguments[3]),
                  Duration.parse(arguments[4]),
                  arguments.length > 5 ? Path.of(arguments[5]) : null);
          case "start" ->
              start(
                  arguments[1],
                  arguments[2],
                  Integer.parseInt(arguments[3]),
                  Instant.parse(arguments[4]),
                  began);
          default -> throw new IllegalArgumentException(arguments[0]);
        };
    System.out.println(MARK + JSON.writeValueAsString(figures));
    System.out.flush();
    Runtime.getRuntime().halt(0); // contexts with native code are not worth closing
  }

  /** Looked for only by those who start it, which takes a process. */
  private static PythonSide pythonOf(String peer) throws IOException {
    return peer.equals("TERRARIUM") ? PythonSide.plain() : PythonSide.find();
  }

  /** All cores for a real model: of one that is shared, and over those of all processes. */
  private static Handlers open(String peer, PythonSide python, int workers, @Nullable Path model)
      throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    if (peer.equals("TERRARIUM")) {
      return model == null
          ? TerrariumPeer.start(workers)
          : TerrariumPeer.start(
              workers,
              LlamaCppModel.load(
                  model, LlamaCppOptions.custom().slots(workers).threads(cores).build()));
    }
    String threads = Integer.toString(Math.max(1, cores / workers));
    return model == null
        ? JsonProcesses.open(python, workers)
        : JsonProcesses.open(python, workers, model.toString(), threads);
  }

  /** By the number of calls so far: the median of the later half of them, in ms. */
  private static Map<String, Object> warmUp(Workload workload, String peer, int calls)
      throws IOException {
    if (peer.equals(FROZEN)) {
      try (TerrariumPeer terrarium = TerrariumPeer.start(1)) {
        return warmUp(workload.freeze(terrarium), calls);
      }
    }
    try (Handlers handlers = open(peer, pythonOf(peer), 1, null)) {
      return warmUp(workload.create(handlers), calls);
    }
  }

  private static Map<String, Object> warmUp(Workload.Program program, int calls) {
    Map<String, Object> figures = new LinkedHashMap<>();
    long[] nanos = new long[calls];
    int next = 1;
    for (int i = 0; i < calls; i++) {
      long start = System.nanoTime();
      Object unused = program.call();
      nanos[i] = System.nanoTime() - start;
      if (i + 1 == next) {
        long[] later = Arrays.copyOfRange(nanos, next / 2, next);
        Arrays.sort(later);
        figures.put(Integer.toString(next), Bench.percentile(later, 0.5) / 1e6);
        next *= 10;
      }
    }
    return figures;
  }

  private static Map<String, Object> scale(
      Workload workload, String peer, int workers, Duration time, @Nullable Path model)
      throws IOException {
    PythonSide python = pythonOf(peer);
    long begin = System.nanoTime();
    try (Handlers handlers = open(peer, python, workers, model)) {
      switch (handlers) {
        case TerrariumPeer terrarium ->
            terrarium.terrarium().prewarm(workload.framework(), workers).join();
        case JsonProcesses processes -> processes.callAll(Bench.NAME, "nothing", Map.of());
        default -> throw new IllegalStateException(peer);
      }
      Workload.Program program =
          model == null ? workload.create(handlers) : workload.createReal(handlers);
      double loaded = (System.nanoTime() - begin) / 1e9;
      Histogram unused = callAtOnce(program, workers, time);
      Histogram histogram = callAtOnce(program, workers, time);
      Memory all = Memory.ofAll();
      Memory own = Memory.of(ProcessHandle.current());
      return Experiment.row(
          "loadSeconds",
          loaded,
          "callsPerSecond",
          histogram.getTotalCount() / (time.toNanos() / 1e9),
          "p50Ms",
          histogram.getValueAtPercentile(50) / 1e6,
          "p99Ms",
          histogram.getValueAtPercentile(99) / 1e6,
          "rssMb",
          all.rss(),
          "pssMb",
          all.pss(),
          "pythonPssMb",
          handlers instanceof TerrariumPeer ? all.pss() : all.pss() - own.pss());
    }
  }

  /** As many callers as workers, for so long; calls that end later do not count. */
  private static Histogram callAtOnce(Workload.Program program, int callers, Duration time) {
    Recorder recorder = new Recorder(3);
    long end = System.nanoTime() + time.toNanos();
    CompletableFuture<?>[] all = new CompletableFuture<?>[callers];
    for (int i = 0; i < callers; i++) {
      all[i] =
          CompletableFuture.runAsync(
              () -> {
                long start = System.nanoTime();
                while (start < end) {
                  Object unused = program.call();
                  long now = System.nanoTime();
                  if (now < end) {
                    recorder.recordValue(now - start);
                  }
                  start = now;
                }
              },
              task -> Thread.ofPlatform().start(task));
    }
    CompletableFuture.allOf(all).join();
    return recorder.getIntervalHistogram();
  }

  /** Seconds of each phase from the moment at which the parent started this process. */
  private static Map<String, Object> start(
      String scenario, String framework, int contexts, Instant parent, Instant began) {
    Map<String, Object> phases = new LinkedHashMap<>();
    Phase phase = new Phase(phases, parent);
    phase.end("JVM", began);
    TerrariumPeer peer = TerrariumPeer.start(contexts);
    peer.terrarium().ready().join();
    phase.end(contexts == 1 ? "context" : "contexts", Instant.now());
    if (!scenario.equals("pool")) {
      peer.terrarium().prewarm(framework, contexts).join();
      phase.end("framework", Instant.now());
      Start.firstAnswer(peer, framework);
      phase.end("answer", Instant.now());
    }
    return phases;
  }

  /** Where one phase ends the next begins. */
  static final class Phase {

    private final Map<String, Object> phases;
    private Instant last;

    Phase(Map<String, Object> phases, Instant begin) {
      this.phases = phases;
      last = begin;
    }

    void end(String name, Instant now) {
      phases.put(name, last.until(now, ChronoUnit.MICROS) / 1e6);
      last = now;
    }
  }
}
