package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import dev.terrarium.error.BorrowTimeoutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * Ten thousand virtual threads call through two contexts at once: how they are answered, in which
 * order, and whether one of them pins its carrier.
 */
public final class Throng {

  private static final int CALLERS = 10_000;
  private static final int CONTEXTS = 2;
  private static final String PINNED = "jdk.VirtualThreadPinned";

  private final Terrarium terrarium;
  private final CountDownLatch gate = new CountDownLatch(1);
  private final AtomicInteger arrivals = new AtomicInteger();
  private final AtomicInteger answers = new AtomicInteger();
  private final LongAdder answered = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder wrong = new LongAdder();

  /** By the order of arrival, how many others' answers came between; -1 for none. */
  private final long[] departures = new long[CALLERS];

  private Throng(Terrarium terrarium) {
    this.terrarium = terrarium;
    Arrays.fill(departures, -1);
  }

  public static void main(String[] arguments) throws Exception {
    boolean well;
    try (Terrarium terrarium = Bench.start(CONTEXTS);
        Recording recording = new Recording()) {
      recording.enable(PINNED).withThreshold(Duration.ZERO).withStackTrace();
      recording.start();
      well = new Throng(terrarium).run();
      recording.stop();
      List<RecordedEvent> pinned = pinned(recording);
      System.out.println("pinned: " + pinned.size());
      pinned.stream().limit(3).forEach(System.out::println);
      well &= pinned.isEmpty();
    }
    System.exit(well ? 0 : 1);
  }

  private static List<RecordedEvent> pinned(Recording recording) throws IOException {
    Path file = Files.createTempFile("throng", ".jfr");
    try {
      recording.dump(file);
      return RecordingFile.readAllEvents(file).stream()
          .filter(event -> event.getEventType().getName().equals(PINNED))
          .toList();
    } finally {
      Files.delete(file);
    }
  }

  private boolean run() throws InterruptedException {
    List<Thread> callers =
        IntStream.range(0, CALLERS)
            .mapToObj(n -> Thread.ofVirtual().name("caller-" + n).start(() -> call(n)))
            .toList();
    long start = System.nanoTime();
    gate.countDown();
    long end = start + TimeUnit.MINUTES.toNanos(2);
    int hanging = 0;
    for (Thread caller : callers) {
      Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      hanging += caller.join(left) ? 0 : 1;
    }
    System.out.printf(
        "%d virtual threads, %d contexts: answered %d, rejected by rule %d, wrong %d, hanging %d,"
            + " in %.2f s%n",
        CALLERS,
        CONTEXTS,
        answered.sum(),
        rejected.sum(),
        wrong.sum(),
        hanging,
        (System.nanoTime() - start) / 1e9);
    long[] sorted = Arrays.stream(departures).filter(each -> each >= 0).sorted().toArray();
    System.out.printf(
        "places between arrival and answer: median %d, p99 %d, most %d%n",
        Bench.percentile(sorted, 0.5), Bench.percentile(sorted, 0.99), Bench.percentile(sorted, 1));
    System.out.println("pool at the end: " + terrarium.stats().pool());
    return wrong.sum() + hanging == 0;
  }

  private void call(int n) {
    try {
      gate.await();
      int arrival = arrivals.getAndIncrement();
      Object answer = terrarium.call(Bench.NAME, "echo", Map.of("v", n));
      departures[arrival] = Math.abs(answers.getAndIncrement() - arrival);
      (Long.valueOf(n).equals(answer) ? answered : wrong).increment();
    } catch (BorrowTimeoutException e) {
      rejected.increment();
    } catch (InterruptedException | RuntimeException e) {
      wrong.increment();
      System.out.println("WRONG: " + e);
    }
  }
}
