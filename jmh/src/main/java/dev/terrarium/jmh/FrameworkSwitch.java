package dev.terrarium.jmh;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
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
 * Calls of two small frameworks in turn: both in one context, each in one of its own, and both
 * wanting one to themselves while there is but one. One operation is one call.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
public class FrameworkSwitch extends Microbenchmark {

  /** Where the two frameworks live. */
  public enum Where {
    TOGETHER_IN_ONE,
    ALONE_IN_TWO,
    ALONE_IN_ONE
  }

  private static final String BRIDGE =
      """
      from terrarium.bridge import BaseBridge, handler

      class Named(BaseBridge):
          framework = "NAME"

          @handler
          def double(self, n: int) -> int:
              return n * 2
      """;

  @Param({"TOGETHER_IN_ONE", "ALONE_IN_TWO", "ALONE_IN_ONE"})
  public Where where = Where.TOGETHER_IN_ONE;

  private @Nullable Terrarium terrarium;
  private boolean left;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started = Terrarium.start(Bench.config(where == Where.ALONE_IN_TWO ? 2 : 1).build());
    started.ready().join();
    started.register(framework("left")).register(framework("right"));
    terrarium = started;
  }

  private Framework framework(String name) {
    Framework framework = Framework.fromSource(name, BRIDGE.replace("NAME", name), name + ".py");
    return where == Where.TOGETHER_IN_ONE ? framework : framework.alone();
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  public @Nullable Object inTurn() {
    left = !left;
    return terrarium == null
        ? null
        : terrarium.call(left ? "left" : "right", "double", Map.of("n", 21));
  }
}
