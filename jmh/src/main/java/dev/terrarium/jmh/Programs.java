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
 * One operation is one call of a DSPy program on a language model that answers at once: of one that
 * the context has built, of one that it has to build again, and of one that is created first. Every
 * program has a spec of its own; their signatures are equal, or each its own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class Programs extends Microbenchmark {

  private static final int CACHE = 8;

  /** Among how many programs signatures are equal: all of them, or none. */
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

  /** The bare call. */
  @Benchmark
  public @Nullable Object cached() {
    return call("kept0");
  }

  /** One program more than the context keeps, in turn: each was dropped before it is called. */
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
