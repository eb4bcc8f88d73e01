package dev.terrarium.jmh.bench;

import dev.terrarium.internal.pool.ContextLease;
import dev.terrarium.internal.pool.ContextPool;
import dev.terrarium.internal.pool.Deadline;
import dev.terrarium.jmh.StubContext;
import dev.terrarium.jmh.peer.PythonSide;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import picocli.CommandLine;

/** The pool without Python: contexts that do nothing, and up to ten thousand who want them. */
@CommandLine.Command(
    name = "pool",
    description = "The pool alone: 1 to 64 contexts without Python, 1 to 10,000 waiting callers.",
    mixinStandardHelpOptions = true)
final class PoolAlone extends Command {

  private static final List<Integer> CONTEXTS = List.of(1, 4, 16, 64);
  private static final List<Integer> CALLERS = List.of(1, 10, 100, 1_000, 10_000);

  private Duration time() {
    return Duration.ofSeconds(quick ? 1 : 5);
  }

  @Override
  PythonSide python() {
    return PythonSide.plain();
  }

  @Override
  Map<String, Object> settings() {
    return Experiment.row("runs", runs(), "duration", time().toString());
  }

  @Override
  void measure(Experiment experiment, PythonSide python) throws InterruptedException {
    for (int run = 1; run <= runs(); run++) {
      for (int contexts : CONTEXTS) {
        try (ContextPool pool = StubContext.pool(contexts)) {
          for (int callers : CALLERS) {
            Histogram unused = borrow(pool, callers, time().dividedBy(2));
            Histogram waits = borrow(pool, callers, time());
            experiment.add(
                Experiment.row(
                    "contexts", contexts,
                    "callers", callers,
                    "run", run,
                    "perSecond", waits.getTotalCount() / (time().toNanos() / 1e9),
                    "p50Us", waits.getValueAtPercentile(50) / 1e3,
                    "p99Us", waits.getValueAtPercentile(99) / 1e3,
                    "maxUs", waits.getMaxValue() / 1e3));
          }
        }
      }
    }
  }

  /** What callers on virtual threads waited, in nanoseconds, who borrow and give back at once. */
  @SuppressWarnings("ThreadPriorityCheck") // a caller that never waits would keep its carrier
  private static Histogram borrow(ContextPool pool, int callers, Duration time)
      throws InterruptedException {
    Recorder waits = new Recorder(3);
    CountDownLatch ended = new CountDownLatch(callers);
    long end = System.nanoTime() + time.toNanos();
    for (int i = 0; i < callers; i++) {
      Thread unused =
          Thread.startVirtualThread(
              () -> {
                try {
                  for (long start = System.nanoTime(); start < end; start = System.nanoTime()) {
                    ContextLease lease =
                        pool.borrow(StubContext.FRAMEWORK, "nothing", Deadline.none());
                    long now = System.nanoTime();
                    if (now < end) { // the rate is of what came within the time
                      waits.recordValue(now - start);
                    }
                    lease.close();
                    Thread.yield();
                  }
                } finally { // a caller that is refused ends, with its stack trace
                  ended.countDown();
                }
              });
    }
    ended.await();
    return waits.getIntervalHistogram();
  }
}
