package dev.terrarium.jmh;

import dev.terrarium.Adapter;
import dev.terrarium.Terrarium;
import dev.terrarium.jmh.peer.InstantModel;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
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
 * One operation is one call of a DSPy program on a language model that answers at once: a program
 * that the context has built, a program that the context has to build again, or a program that is
 * created first. Every program has a spec of its own; all signatures are equal, or each is
 * different.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class Programs extends Microbenchmark {

  private static final int CACHE = 8;

  /** Whether all programs have equal signatures, or each its own. */
  @Param({"true", "false"})
  public boolean sharedSignature;

  private @Nullable Terrarium terrarium;
  private @Nullable Adapter dspy;
  private int created;
  private int called;

  @Setup(Level.Trial)
  public void start() {
    Terrarium started =
        Terrarium.start(
            Bench.config(1, new InstantModel(Duration.ZERO)).programCache(CACHE).build());
    terrarium = started;
    dspy = started.adapter("dspy");
    for (int i = 0; i <= CACHE; i++) {
      create("kept" + i);
    }
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (terrarium != null) {
      terrarium.close();
    }
  }

  /** Measures a call of a program that the context has built. */
  @Benchmark
  public @Nullable Object cached() {
    return call("kept0");
  }

  /**
   * Measures a call of a program that was dropped before: the programs, one more than the context
   * keeps, are called in turn.
   */
  @Benchmark
  public @Nullable Object builtAgain() {
    called = (called + 1) % (CACHE + 1);
    return call("kept" + called);
  }

  @Benchmark
  public @Nullable Object createdAndCalled() {
    create("new");
    return call("new");
  }

  private void create(String id) {
    created++;
    String answer = sharedSignature ? "answer" : "answer" + created;
    dspy()
        .call(
            "create_program",
            Map.of(
                "program",
                id,
                "spec",
                Map.of(
                    "kind",
                    "predict",
                    "signature",
                    "question -> " + answer,
                    "options",
                    Map.of("seed", created))));
  }

  private @Nullable Object call(String id) {
    return dspy().call("call", Map.of("program", id, "inputs", Map.of("question", "Capital?")));
  }

  private Adapter dspy() {
    return Objects.requireNonNull(dspy);
  }
}
