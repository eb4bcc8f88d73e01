package dev.terrarium.jmh;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.testkit.FakeLanguageModel;
import java.util.Map;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Value;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What it costs that any framework can be called by its name: one operation is one look-up of an
 * adapter, one call of a handler that does nothing (bare from its dict; by the framework's name; by
 * an adapter that is kept), and one call that does something, a DSPy program created.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class GenericCall extends Microbenchmark {

  private static final Map<String, ?> PROGRAM =
      Map.of("spec", Map.of("kind", "predict", "signature", "question -> answer"));

  private @Nullable Terrarium terrarium;
  private @Nullable Adapter adapter;
  private @Nullable Context context;
  private @Nullable Value handlers;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started =
        Terrarium.start(Bench.config(1, FakeLanguageModel.schemaConforming()).build());
    started.register(Bench.framework());
    started.call("dspy", "create_program", PROGRAM);
    terrarium = started;
    adapter = started.adapter(Bench.NAME);
    Context bare =
        Context.newBuilder("python")
            .option("engine.WarnInterpreterOnly", "false")
            .allowExperimentalOptions(true)
            .option("python.IsolateNativeModules", "true")
            .build();
    context = bare;
    handlers = bare.eval("python", "{'nothing': lambda: None}");
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
  public @Nullable Object adapterGet() {
    return terrarium == null ? null : terrarium.adapter(Bench.NAME);
  }

  @Benchmark
  public @Nullable Object adapterMadeAnew() {
    return terrarium == null ? null : terrarium.adapter(Dspy.class).with(CallOptions.ofDefaults());
  }

  @Benchmark
  public @Nullable Object bareHandlerOfADict() {
    return handlers == null ? null : handlers.getHashValue("nothing").execute();
  }

  @Benchmark
  public @Nullable Object byTheFrameworksName() {
    return terrarium == null ? null : terrarium.call(Bench.NAME, "nothing", Map.of());
  }

  @Benchmark
  public @Nullable Object byAKeptAdapter() {
    return adapter == null ? null : adapter.call("nothing", Map.of());
  }

  @Benchmark
  public @Nullable Object createProgram() {
    return terrarium == null ? null : terrarium.call("dspy", "create_program", PROGRAM);
  }
}
