package dev.terrarium.jmh.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** What a load test shows, in words. */
final class LoadAnalysis {

  /** From this share on something counts as what bounds the rest. */
  private static final double BUSY = 0.85;

  private LoadAnalysis() {}

  static List<String> of(LoadTest.Outcome outcome) {
    List<String> words = new ArrayList<>();
    words.add(reached(outcome));
    words.add(failures(outcome));
    if (outcome.service().getTotalCount() > 0) {
      words.add(where(outcome));
      words.add(bound(outcome));
      words.add(tail(outcome));
    }
    return words;
  }

  private static String reached(LoadTest.Outcome outcome) {
    LoadTest.Plan plan = outcome.plan();
    String reached =
        String.format(Locale.ROOT, "%,.1f calls a second were answered", outcome.callsPerSecond());
    if (outcome.service().getTotalCount() + outcome.failed() == 0) {
      return "No call ended within "
          + plan.duration()
          + ": measure for longer, or with fewer users.";
    }
    if (!plan.open()) {
      return reached
          + String.format(
              Locale.ROOT,
              " to %,d users who began a call when their last one had ended.",
              plan.users());
    }
    String asked = String.format(Locale.ROOT, " of %,.1f that were due", plan.perSecond());
    return held(outcome)
        ? reached + asked + ": the rate was held."
        : reached
            + asked
            + String.format(
                Locale.ROOT,
                "; %,d calls were due and found none of the %,d users free: the rate was not held,"
                    + " and the times of those calls are in no figure.",
                outcome.notBegun(),
                plan.users());
  }

  /** In the open model: whether each call began that was due. */
  private static boolean held(LoadTest.Outcome outcome) {
    return outcome.plan().open() && outcome.notBegun() == 0;
  }

  private static String failures(LoadTest.Outcome outcome) {
    if (outcome.failed() == 0) {
      return "No call failed.";
    }
    long all = outcome.failed() + outcome.service().getTotalCount();
    return String.format(
            Locale.ROOT,
            "%,d of %,d calls failed (%.2f %%): ",
            outcome.failed(),
            all,
            100.0 * outcome.failed() / all)
        + outcome.failures()
        + ". Their times are in no figure.";
  }

  private static String where(LoadTest.Outcome outcome) {
    return String.format(
        Locale.ROOT,
        "Of a call's %s at the mean, %s were waiting for a context and %s work in it; what is left"
            + " is the way there and back.",
        time(outcome.service().getMean()),
        time(outcome.waits().getMean()),
        time(outcome.work().getMean()));
  }

  private static String bound(LoadTest.Outcome outcome) {
    double pending =
        outcome.samples().stream().mapToInt(LoadTest.Sample::pending).average().orElse(0);
    String figures =
        String.format(
            Locale.ROOT,
            " (%d contexts busy for %.0f %% of their time, %.1f callers in the queue at the mean,"
                + " CPU %.0f %%)",
            outcome.contexts(),
            100 * outcome.busy(),
            pending,
            100 * outcome.cpu());
    if (held(outcome) && outcome.cpu() < BUSY && outcome.busy() < BUSY && pending < 1) {
      return "The rate that was asked bounded throughput" + figures + ": more could be asked.";
    }
    if (outcome.cpu() >= BUSY) {
      return "The processor bounded throughput"
          + figures
          + ": more contexts would only share it; less work in Python, compiled code or more cores"
          + " help.";
    }
    if (outcome.busy() >= BUSY) {
      return "The contexts bounded throughput"
          + figures
          + ": they were busy while the processor was not, so more contexts help.";
    }
    if (pending >= 1) {
      return "Callers queued although contexts were not always busy"
          + figures
          + ": the hand-over to the contexts, or the machine's other work, bounded throughput.";
    }
    return outcome.plan().open()
        ? "The number of users bounded throughput"
            + figures
            + ": all of them were waiting for answers, so more users help."
        : "Nothing was exhausted" + figures + ": the users asked for no more.";
  }

  private static String tail(LoadTest.Outcome outcome) {
    Histogram response = outcome.response();
    double p50 = (double) response.getValueAtPercentile(50);
    double p99 = (double) response.getValueAtPercentile(99);
    String counted =
        outcome.plan().open()
            ? "counted from when each call was due"
            : String.format(
                Locale.ROOT,
                "corrected for coordinated omission with the mean service time of %s as the"
                    + " expected interval",
                time(outcome.service().getMean()));
    return String.format(
        Locale.ROOT,
        "p50 %s, p99 %s (%.1f times p50), p99.9 %s, most %s, %s.",
        time(p50),
        time(p99),
        p99 / Math.max(1, p50),
        time((double) response.getValueAtPercentile(99.9)),
        time((double) response.getMaxValue()),
        counted);
  }

  private static String time(double nanos) {
    return nanos >= 1e9
        ? String.format(Locale.ROOT, "%.2f s", nanos / 1e9)
        : nanos >= 1e6
            ? String.format(Locale.ROOT, "%.2f ms", nanos / 1e6)
            : String.format(Locale.ROOT, "%.1f us", nanos / 1e3);
  }
}
