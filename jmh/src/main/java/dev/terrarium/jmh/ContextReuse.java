package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.context.AccessProfile;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a pool is for: a call in a context that is there, and a call for which one is made and
 * closed. Without native code, whose contexts are kept beyond the end of their Terrarium. The
 * framework is a file of thirty lines; what a large one takes to import comes on top of the second.
 */
@State(Scope.Benchmark)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 2,
    jvmArgsAppend = {
      "-Xss64m",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class ContextReuse {

  private @Nullable Terrarium terrarium;

  @Setup(Level.Trial)
  public void start() {
    terrarium = terrarium();
    call(terrarium);
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @Warmup(iterations = 5, time = 2)
  @Measurement(iterations = 5, time = 2)
  public @Nullable Object reused() {
    return terrarium == null ? null : call(terrarium);
  }

  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @Warmup(iterations = 3)
  @Measurement(iterations = 10)
  public @Nullable Object newForEachCall() {
    try (Terrarium fresh = terrarium()) {
      return call(fresh);
    }
  }

  private static Terrarium terrarium() {
    return Terrarium.start(
            TerrariumConfig.custom().contexts(1).access(AccessProfile.TRUSTED).build())
        .register(Bench.framework());
  }

  private static @Nullable Object call(Terrarium terrarium) {
    return terrarium.call(Bench.NAME, "plain", Map.of("n", 1));
  }
}
