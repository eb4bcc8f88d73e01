package dev.terrarium.packaging;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The steps in which one module is packed, and what the build prints of them: a line when a step
 * begins, with its place among all, and a line when it has ended, with the seconds that it took and
 * the bytes that it fetched. A step whose result is in the build cache is not printed. Not
 * thread-safe.
 */
final class Steps {

  /** The work of one step. */
  interface Work {
    /** Does the work, and returns how many bytes were fetched for it. */
    long run() throws IOException;
  }

  private final String module;
  private final List<String> plan;
  private final Consumer<String> report;

  /**
   * @param module the name that each line starts with
   * @param plan the names of all steps, in their order
   */
  Steps(String module, List<String> plan, Consumer<String> report) {
    this.module = module;
    this.plan = List.copyOf(plan);
    this.report = report;
  }

  /**
   * Runs a step.
   *
   * @param step one of the plan
   * @param what is printed of it
   */
  void run(String step, String what, Work work) throws IOException {
    int place = plan.indexOf(step) + 1;
    if (place == 0) {
      throw new IllegalArgumentException("there is no step " + step + " in " + plan);
    }
    String line = "%s, step %d of %d".formatted(module, place, plan.size());
    report.accept(line + ": " + what);
    long start = System.nanoTime();
    long bytes = work.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    report.accept(
        line
            + String.format(Locale.ROOT, " took %.1f s", seconds)
            + (bytes == 0 ? "" : ", " + size(bytes) + " fetched"));
  }

  /** Prints a line about the present step. */
  void note(String text) {
    report.accept(module + ": " + text);
  }

  /** Returns a number of bytes in kB or MB. */
  static String size(long bytes) {
    return bytes < 1_000_000
        ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
