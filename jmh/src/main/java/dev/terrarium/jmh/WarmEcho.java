package dev.terrarium.jmh;

import dev.terrarium.CallOptions;
import dev.terrarium.Terrarium;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.stream.IntStream;
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

/** A warm call by what it carries: the value crosses to Python and comes back. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
public class WarmEcho extends Microbenchmark {

  /** What is echoed. */
  public enum Payload {
    NULL,
    SMALL_MAP,
    THOUSAND_INTS,
    MEGABYTE_OF_TEXT;

    @Nullable Object value() {
      return switch (this) {
        case NULL -> null;
        case SMALL_MAP -> Map.of("text", "to be or not to be", "n", 6, "share", 0.5);
        case THOUSAND_INTS -> IntStream.range(0, 1_000).boxed().toList();
        case MEGABYTE_OF_TEXT -> "0123456789abcdef".repeat(1 << 16);
      };
    }
  }

  @Param({"NULL", "SMALL_MAP", "THOUSAND_INTS", "MEGABYTE_OF_TEXT"})
  public Payload payload = Payload.NULL;

  @Param({"false", "true"})
  public boolean deadline;

  private Map<String, @Nullable Object> arguments = Map.of();
  private CallOptions options = CallOptions.ofDefaults();
  private @Nullable Terrarium terrarium;

  @Setup(Level.Trial)
  public void start() {
    arguments = Collections.singletonMap("v", payload.value());
    if (deadline) {
      options = CallOptions.deadline(Duration.ofMinutes(1));
    }
    terrarium = Bench.start(1);
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  public @Nullable Object echo() {
    return terrarium == null
        ? null
        : terrarium.adapter(Bench.NAME).with(options).call("echo", arguments);
  }
}
