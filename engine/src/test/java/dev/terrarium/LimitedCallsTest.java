package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.OverloadException;
import dev.terrarium.event.JfrObserver;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.Task;
import dev.terrarium.testing.TestFunctions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A framework's limit of calls at once, on real Python and in a recording. */
@GraalPyTest
class LimitedCallsTest {

  /** The default of a bulkhead's. */
  private static final int QUEUE = 100;

  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final CountDownLatch gate = new CountDownLatch(1);

  private @Nullable Object occupy() {
    most.accumulateAndGet(running.incrementAndGet(), Math::max);
    Task.await(gate);
    running.decrementAndGet();
    return "done";
  }

  @Test
  void callsAboveTheLimitQueueThoseBeyondTheQueueAreRefusedAndARecordingTellsWhatRan(
      @TempDir Path folder) throws IOException {
    TestFunctions.onCall(arguments -> occupy());
    Map<String, Object> call = Map.of("name", "test.call", "arguments", List.of());
    try (Recording recording = new Recording();
        Terrarium terrarium =
            Terrarium.start(
                TerrariumConfig.custom()
                    .contexts(2)
                    .limits("probe", ResourceLimits.custom().concurrency(1).build())
                    .observer(new JfrObserver())
                    .build())) {
      recording.enable("terrarium.CommandExecuted");
      recording.start();
      Adapter probe = terrarium.register(SharedTerrarium.probe()).adapter("probe");
      terrarium.prewarm("probe", 1).join();
      List<CompletableFuture<@Nullable Object>> calls = new ArrayList<>();
      for (int i = 0; i <= QUEUE; i++) {
        calls.add(probe.callAsync(Command.of("call_host", call)));
      }
      Task.until(
          "one runs, the others wait", () -> running.get() == 1 && queued(terrarium) == QUEUE);

      assertThatThrownBy(() -> probe.call("call_host", call))
          .isInstanceOf(OverloadException.class)
          .hasMessageStartingWith(
              "Framework 'probe' has as many calls as it may: running=1 of 1, queued=100 of 100,");
      gate.countDown();
      assertThat(calls).allSatisfy(each -> assertThat(each.join()).isEqualTo("done"));

      assertThat(most).hasValue(1);
      assertThat(executed(recording, folder))
          .hasSize(QUEUE + 1)
          .containsOnly("probe.call_host null");
    } finally {
      gate.countDown();
      TestFunctions.onCall(arguments -> arguments);
    }
  }

  private static int queued(Terrarium terrarium) {
    return Objects.requireNonNull(terrarium.stats().admission().get("probe")).queued();
  }

  private static List<String> executed(Recording recording, Path folder) throws IOException {
    recording.stop();
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    List<String> executed = new ArrayList<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().equals("terrarium.CommandExecuted")) {
        executed.add(
            event.getString("framework")
                + "."
                + event.getString("command")
                + " "
                + event.getString("failure"));
      }
    }
    return executed;
  }
}
