package dev.terrarium.jmh;

import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Stats;
import dev.terrarium.Terrarium;
import dev.terrarium.error.CallTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How soon a call that is stopped is over: for its caller, from the deadline or {@code cancel} to
 * the answer; and for the next one, to the answer of a call that waits for the same context. JMH
 * does not fit: the time runs from a moment within an operation.
 *
 * <pre>java -cp 'jmh/target/lib/*' dev.terrarium.jmh.CancelLatency</pre>
 */
public final class CancelLatency {

  private static final int WARM_UP = 10;
  private static final int ROUNDS = 50;
  private static final Duration DEADLINE = Duration.ofMillis(50);

  /** How long Python code runs before it is cancelled. */
  private static final Duration RUNNING = Duration.ofMillis(20);

  private final Terrarium terrarium;

  private CancelLatency(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  private static Map<String, String> sources() {
    Map<String, String> sources = new LinkedHashMap<>();
    sources.put("while True: pass", "while True: pass");
    sources.put("bare except", "while True:\n  try:\n    while True: pass\n  except:\n    pass");
    sources.put("list comprehension", "[0 for _ in range(10**12)]");
    sources.put("time.sleep(1000)", "import time\ntime.sleep(1000)");
    sources.put(
        "import in a loop",
        """
        import sys
        while True:
            for name in list(sys.modules):
                if name.split('.')[0] in ('xml', 'wave', 'tarfile'):
                    del sys.modules[name]
            import xml.dom.minidom, wave, tarfile
        """);
    return sources;
  }

  public static void main(String[] arguments) throws Exception {
    try (Terrarium terrarium = Bench.start(1)) {
      CancelLatency latency = new CancelLatency(terrarium);
      System.out.printf(
          "%d rounds each, milliseconds%n%-20s %-8s %36s %36s%n",
          ROUNDS, "", "", "to the caller's answer", "to the next caller's answer");
      System.out.printf(
          "%-20s %-8s %12s%12s%12s %12s%12s%12s%n",
          "source", "by", "p50", "p90", "most", "p50", "p90", "most");
      for (Map.Entry<String, String> source : sources().entrySet()) {
        latency.measure(source.getKey(), source.getValue(), true);
        latency.measure(source.getKey(), source.getValue(), false);
      }
      System.out.println("pool at the end: " + latency.atRest());
    }
  }

  private void measure(String name, String source, boolean byDeadline) throws Exception {
    long[] own = new long[ROUNDS];
    long[] next = new long[ROUNDS];
    for (int i = -WARM_UP; i < ROUNDS; i++) {
      long[] times = byDeadline ? byDeadline(source) : byCancel(source);
      if (i >= 0) {
        own[i] = times[0];
        next[i] = times[1];
      }
    }
    System.out.printf(
        "%-20s %-8s %s %s%n",
        name, byDeadline ? "deadline" : "cancel", percentiles(own), percentiles(next));
  }

  private static String percentiles(long[] nanos) {
    Arrays.sort(nanos);
    return "%12.2f%12.2f%12.2f"
        .formatted(
            Bench.percentile(nanos, 0.5) / 1e6,
            Bench.percentile(nanos, 0.9) / 1e6,
            Bench.percentile(nanos, 1) / 1e6);
  }

  private long[] byDeadline(String source) {
    long over = System.nanoTime() + DEADLINE.toNanos();
    try {
      terrarium
          .adapter(Bench.NAME)
          .with(CallOptions.deadline(DEADLINE))
          .call("execute", Map.of("source", source));
      throw new IllegalStateException("it came back");
    } catch (CallTimeoutException e) {
      return sinceThen(over);
    }
  }

  private long[] byCancel(String source) throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    BenchFunctions.onCall(inside::countDown);
    CompletableFuture<@Nullable Object> call =
        terrarium
            .adapter(Bench.NAME)
            .callAsync(
                Command.of("execute", Map.of("source", "host.call('bench.call')\n" + source)));
    if (!inside.await(1, TimeUnit.MINUTES)) {
      throw new IllegalStateException("it did not begin");
    }
    Thread.sleep(RUNNING);
    long over = System.nanoTime();
    call.cancel(true);
    try {
      call.join();
      throw new IllegalStateException("it came back");
    } catch (CancellationException e) {
      return sinceThen(over);
    }
  }

  /** To now, and to the answer of the next call, which needs the only context. */
  private long[] sinceThen(long over) {
    long own = System.nanoTime() - over;
    terrarium.call(Bench.NAME, "nothing", Map.of());
    return new long[] {own, System.nanoTime() - over};
  }

  private Stats.Pool atRest() throws InterruptedException {
    Stats.Pool stats = terrarium.stats().pool();
    for (int i = 0; i < 100 && stats.idle() < stats.total(); i++) {
      Thread.sleep(Duration.ofMillis(50));
      stats = terrarium.stats().pool();
    }
    return stats;
  }
}
