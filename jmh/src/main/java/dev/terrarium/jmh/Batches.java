package dev.terrarium.jmh;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.Terrarium;
import java.util.Collections;
import java.util.List;
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
 * So many commands that echo a small map: in one visit to a context, spread over two contexts, and
 * as calls one after another. One operation is all of them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class Batches extends Microbenchmark {

  @Param({"1", "10", "100"})
  public int size = 1;

  private List<Command<@Nullable Object>> commands = List.of();
  private @Nullable Terrarium terrarium;
  private @Nullable Adapter adapter;

  @Setup(Level.Trial)
  public void start() {
    Map<String, ?> value = Map.of("v", Map.of("text", "to be or not to be", "n", 6));
    commands = Collections.nCopies(size, Command.of("echo", value));
    Terrarium started = Bench.start(2);
    terrarium = started;
    adapter = started.adapter(Bench.NAME);
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  public @Nullable Object batch() {
    return adapter == null ? null : adapter.batch(commands);
  }

  @Benchmark
  public @Nullable Object callAll() {
    return adapter == null ? null : adapter.callAll(commands);
  }

  @Benchmark
  public @Nullable Object oneByOne() {
    @Nullable Object last = null;
    if (adapter != null) {
      for (Command<@Nullable Object> command : commands) {
        last = adapter.call(command);
      }
    }
    return last;
  }
}
