package dev.terrarium.jmh.bench;

import dev.terrarium.Stats;
import dev.terrarium.Terrarium;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.event.TerrariumObserver;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * Users who make one call over and over. Closed: each begins its next call when the one before has
 * ended. Open: calls are due at a fixed rate, whoever of the users is free takes the next one, and
 * its time counts from when it was due, so that what a slow answer delays is seen. Used once.
 */
final class LoadTest implements TerrariumObserver {

  /**
   * What to do.
   *
   * @param users calls under way at once, at most
   * @param perSecond the rate at which calls are due; 0 for the closed model
   * @param window time between two samples
   */
  record Plan(
      String framework,
      String command,
      Map<String, ?> arguments,
      int users,
      double perSecond,
      Duration duration,
      Duration window) {

    boolean open() {
      return perSecond > 0;
    }
  }

  /** One window: the calls that ended in it, and the pool at its end. */
  record Sample(
      double seconds,
      double callsPerSecond,
      double failuresPerSecond,
      double p50Ms,
      double p99Ms,
      int active,
      int idle,
      int pending,
      double cpu) {}

  /**
   * What came of it; histograms in nanoseconds.
   *
   * @param response answered calls from when they were due; in the closed model corrected for the
   *     calls that did not begin while one was slow
   * @param service answered calls from when they began
   * @param waits for a context
   * @param work commands in their contexts
   * @param failures by the simple name of the exception's class
   * @param notBegun calls that were due and found no user before the end
   * @param tooLate calls that were under way at the end, and are in no other figure
   * @param busy share of all contexts' time in which a command ran
   * @param cpu share of all cores' time that this process took
   */
  record Outcome(
      Plan plan,
      int contexts,
      Histogram response,
      Histogram service,
      Histogram waits,
      Histogram work,
      Map<String, Long> failures,
      long notBegun,
      long tooLate,
      double busy,
      double cpu,
      List<Sample> samples) {

    long failed() {
      return failures.values().stream().mapToLong(Long::longValue).sum();
    }

    double callsPerSecond() {
      return service.getTotalCount() / (plan.duration.toNanos() / 1e9);
    }
  }

  private static final int DIGITS = 3;
  private static final com.sun.management.OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);

  private final Plan plan;
  private final Recorder response = new Recorder(DIGITS);
  private final Recorder service = new Recorder(DIGITS);
  private final Recorder window = new Recorder(DIGITS);
  private final Recorder waits = new Recorder(DIGITS);
  private final Recorder work = new Recorder(DIGITS);
  private final Map<String, LongAdder> failures = new ConcurrentSkipListMap<>();
  private final LongAdder failed = new LongAdder();
  private final LongAdder tooLate = new LongAdder();
  private final AtomicLong due = new AtomicLong();
  private final List<Sample> samples = new ArrayList<>();
  private volatile boolean measuring;

  LoadTest(Plan plan) {
    this.plan = plan;
  }

  /** Sees what the pool does with the calls; anything before the test is left out. */
  @Override
  public void on(TerrariumEvent event) {
    if (measuring) {
      switch (event) {
        case TerrariumEvent.ContextBorrowed borrowed -> waits.recordValue(borrowed.waitNanos());
        case TerrariumEvent.CommandExecuted executed -> work.recordValue(executed.nanos());
        default -> {}
      }
    }
  }

  /** Runs it; {@code progress} is told of each sample when it is taken. */
  Outcome run(Terrarium terrarium, Consumer<Sample> progress) throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(plan.users);
    measuring = true;
    long cpu = SYSTEM.getProcessCpuTime();
    long begin = System.nanoTime();
    long end = begin + plan.duration.toNanos();
    for (int i = 0; i < plan.users; i++) {
      Thread unused =
          Thread.startVirtualThread(
              () -> {
                try {
                  if (plan.open()) {
                    callWhenDue(terrarium, begin, end);
                  } else {
                    callOnAndOn(terrarium, end);
                  }
                } finally {
                  ended.countDown();
                }
              });
    }
    try (ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor()) {
      Sampling sampling = new Sampling(terrarium, begin, progress);
      long nanos = plan.window.toNanos();
      var unused = sampler.scheduleAtFixedRate(sampling, nanos, nanos, TimeUnit.NANOSECONDS);
      TimeUnit.NANOSECONDS.sleep(end - System.nanoTime());
      sampler.shutdownNow();
    }
    long elapsed = System.nanoTime() - begin;
    double share =
        (double) (SYSTEM.getProcessCpuTime() - cpu) / elapsed / SYSTEM.getAvailableProcessors();
    measuring = false;
    ended.await();
    return outcome(terrarium.stats().pool().total(), share, elapsed);
  }

  private Outcome outcome(int contexts, double cpu, long elapsed) {
    Histogram served = service.getIntervalHistogram();
    Histogram commands = work.getIntervalHistogram();
    Map<String, Long> kinds = new ConcurrentSkipListMap<>();
    failures.forEach((kind, count) -> kinds.put(kind, count.sum()));
    double byWork = commands.getMean() * commands.getTotalCount() / elapsed;
    double borrowed = samples.stream().mapToInt(Sample::active).average().orElse(0);
    long dueInAll = (long) (plan.duration.toNanos() / 1e9 * plan.perSecond);
    return new Outcome(
        plan,
        contexts,
        plan.open()
            ? response.getIntervalHistogram()
            : served.copyCorrectedForCoordinatedOmission((long) served.getMean()),
        served,
        waits.getIntervalHistogram(),
        commands,
        kinds,
        plan.open() ? Math.max(0, dueInAll - due.get()) : 0,
        tooLate.sum(),
        // By work alone those would be idle whose command had not ended at the end.
        Math.max(byWork, borrowed) / Math.max(1, contexts),
        cpu,
        samples);
  }

  private void callOnAndOn(Terrarium terrarium, long end) {
    for (long start = System.nanoTime(); start < end; start = System.nanoTime()) {
      call(terrarium, start, start, end);
    }
  }

  private void callWhenDue(Terrarium terrarium, long begin, long end) {
    double interval = 1e9 / plan.perSecond;
    while (System.nanoTime() < end) {
      long intended = begin + (long) (due.getAndIncrement() * interval);
      if (intended >= end) {
        return;
      }
      for (long now = System.nanoTime(); now < intended; now = System.nanoTime()) {
        LockSupport.parkNanos(intended - now);
      }
      call(terrarium, intended, System.nanoTime(), end);
    }
  }

  private void call(Terrarium terrarium, long intended, long start, long end) {
    String failure = failureOf(terrarium);
    long now = System.nanoTime();
    if (now >= end) {
      tooLate.increment();
    } else if (failure != null) {
      failures.computeIfAbsent(failure, kind -> new LongAdder()).increment();
      failed.increment();
    } else {
      service.recordValue(now - start);
      response.recordValue(now - intended);
      window.recordValue(now - intended);
    }
  }

  private @Nullable String failureOf(Terrarium terrarium) {
    try {
      Object unused = terrarium.call(plan.framework, plan.command, plan.arguments);
      return null;
    } catch (RuntimeException e) { // whatever it is, its user goes on
      return e.getClass().getSimpleName();
    }
  }

  /** What the sampler does at the end of each window. */
  private final class Sampling implements Runnable {

    private final Terrarium terrarium;
    private final long begin;
    private final Consumer<Sample> progress;
    private long last;
    private long lastFailed;
    private long lastCpu = SYSTEM.getProcessCpuTime();

    Sampling(Terrarium terrarium, long begin, Consumer<Sample> progress) {
      this.terrarium = terrarium;
      this.begin = begin;
      this.progress = progress;
      last = begin;
    }

    @Override
    public void run() {
      long now = System.nanoTime();
      double seconds = (now - last) / 1e9;
      Histogram ended = window.getIntervalHistogram();
      long failedNow = failed.sum();
      long cpu = SYSTEM.getProcessCpuTime();
      Stats.Pool pool = terrarium.stats().pool();
      Sample sample =
          new Sample(
              (now - begin) / 1e9,
              ended.getTotalCount() / seconds,
              (failedNow - lastFailed) / seconds,
              ended.getValueAtPercentile(50) / 1e6,
              ended.getValueAtPercentile(99) / 1e6,
              pool.active(),
              pool.idle(),
              pool.pending(),
              (cpu - lastCpu) / seconds / 1e9 / SYSTEM.getAvailableProcessors());
      last = now;
      lastFailed = failedNow;
      lastCpu = cpu;
      samples.add(sample);
      progress.accept(sample);
    }
  }
}
