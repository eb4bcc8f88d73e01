package dev.terrarium.jmh;

import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.UntypedDspyProgram;
import dev.terrarium.dspy.UntypedFrozenDspyProgram;
import dev.terrarium.jmh.peer.InstantModel;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
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
 * One operation is one call of a {@code dspy.Predict} of two inputs and two outputs, on a language
 * model that answers at once: on the plain path, through Python, and frozen, without Python. The
 * two paths have figures of their own; the frozen path's figure is never given for the plain path.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class FrozenPredict extends Microbenchmark {

  private static final Map<String, ?> INPUTS = Map.of("question", "Capital of France?", "year", 7);

  private @Nullable Terrarium terrarium;
  private @Nullable UntypedDspyProgram plain;
  private @Nullable UntypedFrozenDspyProgram frozen;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started = Terrarium.start(Bench.config(1, new InstantModel(Duration.ZERO)).build());
    terrarium = started;
    UntypedDspyProgram program =
        started
            .adapter(Dspy.class)
            .program(
                Map.of(
                    "kind",
                    "predict",
                    "signature",
                    "question, year: int -> answer, certain: bool"));
    plain = program;
    frozen = program.freeze();
  }

  /**
   * Checks that Java answered all calls, since a call that Python answered would falsify the
   * figure.
   */
  @TearDown(Level.Trial)
  public void stop() {
    if (frozen != null && frozen.stats().continued() + frozen.stats().handedOver() > 0) {
      throw new IllegalStateException("not frozen: " + frozen.stats());
    }
    if (terrarium != null) {
      terrarium.close();
    }
  }

  @Benchmark
  public Object plainPath() {
    return Objects.requireNonNull(plain).call(INPUTS);
  }

  @Benchmark
  public Object frozenPath() {
    return Objects.requireNonNull(frozen).call(INPUTS);
  }
}
