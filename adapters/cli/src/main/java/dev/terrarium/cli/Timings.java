package dev.terrarium.cli;

import dev.terrarium.Stats;
import dev.terrarium.model.ModelStats;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where the time of one command goes, phase after phase. For one thread. */
final class Timings {

  private final Map<String, Duration> phases = new LinkedHashMap<>();
  private final Map<String, Duration> overheads = new LinkedHashMap<>();
  private final Instant processStart;
  private Instant last;

  private Timings(Instant processStart) {
    this.processStart = processStart;
    this.last = processStart;
  }

  /** Begins with the start of the process, so that the JVM's own start is the first phase. */
  static Timings sinceProcessStart() {
    Timings timings =
        new Timings(ProcessHandle.current().info().startInstant().orElseGet(Instant::now));
    timings.mark("launcher, JVM start");
    return timings;
  }

  /** Ends a phase, which is all since the last mark, and returns how long it was. */
  Duration mark(String phase) {
    Instant now = Instant.now();
    Duration time = Duration.between(last, now);
    phases.merge(phase, time, Duration::plus);
    last = now;
    return time;
  }

  /** Ends the phase of one answer, and keeps what of it was not the model's own time. */
  void markAnswer(boolean first, Duration generation) {
    Duration time = mark(first ? "first answer" : "further answers");
    overheads.merge(
        first ? "first answer" : "further answers", time.minus(generation), Duration::plus);
  }

  /** Prints the phases, and beside them what the models did, some of it in parallel. */
  void print(PrintStream out, Stats stats) {
    phases.forEach((phase, time) -> out.printf("%-28s %8d ms%n", phase, time.toMillis()));
    out.printf("%-28s %8d ms%n", "total", Duration.between(processStart, last).toMillis());
    overheads.forEach(
        (answers, time) -> out.printf("%-28s %8d ms%n", answers + ", overhead", time.toMillis()));
    for (Map.Entry<String, ModelStats> entry : stats.models().entrySet()) {
      ModelStats model = entry.getValue();
      out.printf("%s:%n", entry.getKey());
      out.printf(
          "  %-26s %8d ms (beside the phases above)%n", "model load", model.loading().toMillis());
      out.printf(
          "  %-26s %8d ms (in the answers; %d requests, %d + %d tokens)%n",
          "generation",
          model.busy().toMillis(),
          model.requests(),
          model.promptTokens(),
          model.completionTokens());
    }
  }
}
