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
 * What code of a language model costs in a code context. One operation is: of {@code startSession},
 * a session that is started and closed; of {@code execute}, a piece of code that adds two numbers;
 * of {@code function}, a call by the code of a function of its caller; and of {@code callback}, the
 * bare call of a host function, with which each of them begins.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class CodeSteps extends Microbenchmark {

  private static final int SESSIONS = 5;
  private static final int TIMES = 200;

  private @Nullable Terrarium terrarium;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started = Terrarium.start(Bench.config(1).build());
    started.register(Bench.framework());
    terrarium = started;
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  @OperationsPerInvocation(SESSIONS)
  public @Nullable Object startSession() {
    return call("start_code", Map.of("times", SESSIONS));
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object execute() {
    return call("execute_code", Map.of("times", TIMES));
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object function() {
    return call("answer_code", Map.of("times", TIMES));
  }

  @Benchmark
  @OperationsPerInvocation(TIMES)
  public @Nullable Object callback() {
    return call("call_host", Map.of("name", "bench.nothing", "times", TIMES));
  }

  private @Nullable Object call(String command, Map<String, ?> arguments) {
    return terrarium == null ? null : terrarium.call(Bench.NAME, command, arguments);
  }
}
