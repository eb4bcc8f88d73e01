package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.error.BorrowTimeoutException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Very many callers at once, all on virtual threads. */
@GraalPyTest
class ThrongTest {

  private static final int CALLERS = 10_000;

  private final Terrarium terrarium;
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger rejected = new AtomicInteger();
  private final ConcurrentLinkedQueue<Object> wrong = new ConcurrentLinkedQueue<>();

  ThrongTest(Terrarium terrarium) {
    this.terrarium = terrarium;
  }

  @Test
  @Timeout(90)
  void tenThousandVirtualThreadsAreAnsweredAndPinNoCarrier(@TempDir Path folder) throws Exception {
    terrarium.prewarm("probe", 2).join();
    CountDownLatch open = new CountDownLatch(0);
    Thread.ofVirtual().start(() -> callAtTheGate(open, 0)).join(); // what loads on first use, has
    CountDownLatch gate = new CountDownLatch(1);
    Stats.Pool before = terrarium.stats().pool();
    List<RecordedEvent> pinned;
    try (Recording recording = new Recording()) {
      recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ZERO).withStackTrace();
      recording.start();
      List<Thread> callers =
          IntStream.range(0, CALLERS)
              .mapToObj(n -> Thread.ofVirtual().start(() -> callAtTheGate(gate, n)))
              .toList();
      gate.countDown();
      for (Thread caller : callers) {
        caller.join();
      }
      recording.stop();
      pinned = events(recording, folder.resolve("throng.jfr"));
    }

    assertThat(wrong).isEmpty();
    assertThat(answered.get() + rejected.get()).isEqualTo(CALLERS + 1);
    assertThat(answered).hasPositiveValue();
    assertThat(pinned).isEmpty();
    Task.until("both contexts are idle", () -> terrarium.stats().pool().idle() == 2);
    assertThat(terrarium.stats().pool().pending()).isZero();
    assertThat(terrarium.stats().pool().retired()).isEqualTo(before.retired());
  }

  private static List<RecordedEvent> events(Recording recording, Path file) throws IOException {
    recording.dump(file);
    return RecordingFile.readAllEvents(file);
  }

  private void callAtTheGate(CountDownLatch gate, int n) {
    Task.await(gate);
    call(n);
  }

  private void call(int n) {
    try {
      Object answer = terrarium.call("probe", "echo", Map.of("v", n));
      if (Long.valueOf(n).equals(answer)) {
        answered.incrementAndGet();
      } else {
        wrong.add(n + " was answered " + answer);
      }
    } catch (BorrowTimeoutException e) {
      rejected.incrementAndGet();
    } catch (RuntimeException e) {
      wrong.add(e);
    }
  }
}
