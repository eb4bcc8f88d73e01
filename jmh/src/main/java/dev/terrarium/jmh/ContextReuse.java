package dev.terrarium.jmh;

import dev.terrarium.AccessProfile;
import dev.terrarium.Terrarium;
import dev.terrarium.jmh.peer.Peer;
import dev.terrarium.jmh.peer.PeerKind;
import dev.terrarium.jmh.peer.PythonSide;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
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
 * One operation is one call, which shows what a pool is for: a call in an existing context, a call
 * in a context that drops its frameworks after each call, a call for which a context is made and
 * closed, and a call for which CPython is started. The contexts have no native code, since contexts
 * with native code are kept beyond the end of their Terrarium. The framework is a file of thirty
 * lines; the import time of a large framework is added to the second case.
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

  /** A Terrarium whose context drops all frameworks after each call. */
  private @Nullable Terrarium resetting;

  private @Nullable PythonSide python;

  @Setup(Level.Trial)
  public void start() throws IOException {
    python = PythonSide.find();
    terrarium = terrarium(0);
    resetting = terrarium(1);
    call(terrarium);
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
    if (resetting != null) {
      resetting.close();
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
  @BenchmarkMode(Mode.SampleTime)
  @Warmup(iterations = 5, time = 2)
  @Measurement(iterations = 5, time = 2)
  public @Nullable Object reset() {
    return resetting == null ? null : call(resetting);
  }

  /** Measures a call without any kept context, on CPython: its start, an echo, its end. */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @Warmup(iterations = 3)
  @Measurement(iterations = 10)
  public Object newProcess() throws IOException {
    try (Peer process = PeerKind.PROCESSES.open(Objects.requireNonNull(python), 1)) {
      return process.echo("text");
    }
  }

  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @Warmup(iterations = 3)
  @Measurement(iterations = 10)
  public @Nullable Object newForEachCall() {
    try (Terrarium fresh = terrarium(0)) {
      return call(fresh);
    }
  }

  private static Terrarium terrarium(long recycleAfterCalls) {
    return Terrarium.start(
            Bench.config(1)
                .access(AccessProfile.TRUSTED)
                .recycle(recycleAfterCalls, Duration.ZERO)
                .build())
        .register(Bench.framework());
  }

  private static @Nullable Object call(Terrarium terrarium) {
    return terrarium.call(Bench.NAME, "plain", Map.of("n", 1));
  }
}
