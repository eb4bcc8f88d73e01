package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.event.JfrObserver;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import jdk.jfr.Recording;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One operation is one warm call of a Python function that does nothing, by who observes: nobody,
 * one who counts, and the Flight Recorder with its events disabled and enabled.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class Observed extends Microbenchmark {

  /** Who is told. */
  public enum By {
    NOBODY,
    COUNTER,
    JFR_IDLE,
    JFR_RECORDING
  }

  @Param({"NOBODY", "COUNTER", "JFR_IDLE", "JFR_RECORDING"})
  public By by = By.NOBODY;

  private final LongAdder events = new LongAdder();
  private @Nullable Recording recording;
  private @Nullable Terrarium terrarium;

  @Setup(Level.Trial)
  public void start() {
    TerrariumConfig.Builder config = Bench.config(1);
    switch (by) {
      case NOBODY -> {}
      case COUNTER -> config.observer(event -> events.increment());
      case JFR_IDLE, JFR_RECORDING -> config.observer(new JfrObserver());
    }
    if (by == By.JFR_RECORDING) {
      Recording started = new Recording();
      started.setToDisk(true);
      started.setMaxSize(1 << 24);
      started.start();
      recording = started;
    }
    Terrarium started = Terrarium.start(config.build()).register(Bench.framework());
    started.call(Bench.NAME, "nothing", Map.of());
    terrarium = started;
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
    if (recording != null) {
      recording.close();
    }
  }

  @Benchmark
  public @Nullable Object call() {
    return terrarium == null ? null : terrarium.call(Bench.NAME, "nothing", Map.of());
  }
}
