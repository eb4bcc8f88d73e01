package dev.terrarium.jmh;

import dev.terrarium.jmh.peer.Handlers;
import dev.terrarium.jmh.peer.TerrariumPeer;
import java.util.Map;
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
 * DSPy, LangChain and a framework of one file, asked in turn for their figures, which is little
 * work: one operation is one call, with the change from the framework before. All of them are in
 * one context, or spread over three.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
public class RealSwitch extends Microbenchmark {

  private static final String[] FRAMEWORKS = {"dspy", "langchain", Bench.NAME};

  @Param({"1", "3"})
  public int contexts = 1;

  /** Whether the framework changes with every call; the other is what it is compared with. */
  @Param({"true", "false"})
  public boolean change;

  private @Nullable Handlers terrarium;
  private int calls;

  @Setup(Level.Trial)
  public void start() {
    TerrariumPeer started = TerrariumPeer.start(contexts);
    for (String framework : FRAMEWORKS) {
      started.terrarium().prewarm(framework, contexts).join();
    }
    terrarium = started;
  }

  @TearDown(Level.Trial)
  public void stop() throws Exception {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  public @Nullable Object inTurn() {
    calls++;
    String framework = FRAMEWORKS[change ? calls % FRAMEWORKS.length : 0];
    return terrarium == null ? null : terrarium.call(framework, "get_stats", Map.of());
  }
}
