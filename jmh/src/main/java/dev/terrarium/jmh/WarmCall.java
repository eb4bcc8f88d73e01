package dev.terrarium.jmh;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import java.util.Map;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Value;
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
 * One operation is one call of a Python function that returns a small dict for one text argument:
 * through the pool (borrow, hand-over to the carrier, argument check, marshalling both ways,
 * release), and bare, as {@code Value.execute} on the caller's own thread with nothing around it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class WarmCall extends Microbenchmark {

  private static final String BRIDGE =
      """
      from terrarium.bridge import BaseBridge, handler

      class Words(BaseBridge):
          framework = "words"

          @handler
          def count(self, text: str) -> dict[str, int]:
              return {"words": len(text.split())}
      """;

  private static final String TEXT = "to be or not to be";

  /** Contexts in the pool. */
  @Param("1")
  public int contexts = 1;

  private @Nullable Terrarium terrarium;
  private @Nullable Context context;
  private @Nullable Value function;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started = Terrarium.start(Bench.config(contexts).build());
    started.register(Framework.fromSource("words", BRIDGE, "words.py"));
    started.call("words", "count", Map.of("text", TEXT));
    terrarium = started;
    Context bare =
        Context.newBuilder("python")
            .option("engine.WarnInterpreterOnly", "false")
            .allowExperimentalOptions(true)
            .option("python.IsolateNativeModules", "true")
            .build();
    context = bare;
    function = bare.eval("python", "lambda text: {'words': len(text.split())}");
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
    if (context != null) {
      context.close();
    }
  }

  @Benchmark
  public @Nullable Object throughThePool() {
    return terrarium == null ? null : terrarium.call("words", "count", Map.of("text", TEXT));
  }

  @Benchmark
  public @Nullable Object bareExecute() {
    return function == null ? null : function.execute(TEXT);
  }
}
