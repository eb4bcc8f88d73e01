package dev.terrarium.cli;

import dev.terrarium.Stats;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** The durations of a command's phases. For one thread. */
final class Timings {

  private final Map<String, Duration> phases = new LinkedHashMap<>();
  private final Map<String, Duration> overheads = new LinkedHashMap<>();
  private final Instant processStart;
  private Instant last;

  private Timings(Instant processStart) {
    this.processStart = processStart;
    this.last = processStart;
  }

  /**
   * Returns timings that begin with the start of the process, so that the launcher, which the JVM
   * replaces in the same process, and the JVM's own start are the first phase.
   */
  static Timings sinceProcessStart() {
    Timings timings = new Timings(startOfProcess());
    timings.mark("launcher, JVM start");
    return timings;
  }

  /**
   * Returns the process's start to a hundredth of a second; on Linux {@link ProcessHandle} is off
   * by up to a second.
   */
  private static Instant startOfProcess() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      String uptime = Files.readString(Path.of("/proc/uptime"));
      return Instant.now().minus(age(stat, uptime));
    } catch (IOException e) {
      return ProcessHandle.current().info().startInstant().orElseGet(Instant::now); // not on Linux
    }
  }

  /**
   * Returns the age of a process.
   *
   * @param stat Linux's description of the process, whose 22nd field is the start in hundredths of
   *     a second since boot
   * @param uptime seconds since boot
   */
  static Duration age(String stat, String uptime) {
    // The second field is the program's name in brackets, which may contain blanks and brackets.
    String[] fromThird = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    BigDecimal started = new BigDecimal(fromThird[22 - 3]).movePointLeft(2);
    BigDecimal now = new BigDecimal(uptime.substring(0, uptime.indexOf(' ')));
    return Duration.ofMillis(now.subtract(started).movePointRight(3).longValue());
  }

  /** Ends a phase, which lasted since the last mark, and returns its duration. */
  Duration mark(String phase) {
    Instant now = Instant.now();
    Duration time = Duration.between(last, now);
    phases.merge(phase, time, Duration::plus);
    last = now;
    return time;
  }

  /** Ends the phase of one answer, and records the part of it that was not the model's own time. */
  void markAnswer(boolean first, Duration generation) {
    Duration time = mark(first ? "first answer" : "further answers");
    overheads.merge(
        first ? "first answer" : "further answers", time.minus(generation), Duration::plus);
  }

  /** Prints the phases, and beside them the models' figures, part of which ran in parallel. */
  void print(PrintStream out, Stats stats) {
    phases.forEach((phase, time) -> out.printf("%-28s %8d ms%n", phase, time.toMillis()));
    out.printf("%-28s %8d ms%n", "total", Duration.between(processStart, last).toMillis());
    overheads.forEach(
        (answers, time) -> out.printf("%-28s %8d ms%n", answers + ", overhead", time.toMillis()));
    for (Map.Entry<String, Stats.Model> entry : stats.models().entrySet()) {
      Stats.Model model = entry.getValue();
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
