package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A call from within a call: Python calls a Java function, which calls a handler in the same
 * context. One operation is one of a thousand within one outer call. {@code hostFunction} is the
 * same without the inner call, so what {@code nested} takes more is the inner call; {@code
 * pythonOnly} is the inner handler called by Python itself.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class NestedCall extends Microbenchmark {

  private static final int TIMES = 1_000;

  private @Nullable Terrarium terrarium;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started = Bench.start(1);
    BenchFunctions.onCall(() -> started.call(Bench.NAME, "nothing", Map.of()));
    terrarium = started;
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object nested() {
    return call("call_host", Map.of("name", "bench.call", "times", TIMES));
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object hostFunction() {
    return call("call_host", Map.of("name", "bench.nothing", "times", TIMES));
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object pythonOnly() {
    return call("call_itself", Map.of("times", TIMES));
  }

  private @Nullable Object call(String command, Map<String, ?> arguments) {
    return terrarium == null ? null : terrarium.call(Bench.NAME, command, arguments);
  }
}
