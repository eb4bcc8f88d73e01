package dev.terrarium.jmh;

import dev.terrarium.ResourceLimits;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.model.EmbeddingCache;
import dev.terrarium.internal.model.LruModelCache;
import dev.terrarium.model.EmbeddingModel;
import dev.terrarium.spi.ModelCache;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What is there already: {@code modelHit} is one use of a loaded model, from acquiring to closing
 * it; {@code embeddingHit} one vector of 384 numbers for a text of a sentence, and {@code
 * bareEmbedding} what the model itself takes here: nothing but making the vector.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Caches extends Microbenchmark {

  private static final List<String> TEXT = List.of("What is the capital of France, and why?");

  private final LruModelCache models =
      new LruModelCache(
          ModelCache.Limits.ofDefaults(),
          framework -> ResourceLimits.ofDefaults(),
          framework -> 0,
          Events.none());
  private final EmbeddingCache embeddings =
      new EmbeddingCache(1 << 20, Duration.ZERO, Events.none());
  private final Zeros zeros = new Zeros();

  /** A model that takes nothing to load. */
  private record Model() implements AutoCloseable {

    @Override
    public void close() {}
  }

  /** Vectors of nothing. */
  private record Zeros() implements EmbeddingModel {

    @Override
    public String name() {
      return "zeros";
    }

    @Override
    public int dimensions() {
      return 384;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
      return texts.stream().map(text -> new float[dimensions()]).toList();
    }
  }

  @Setup(Level.Trial)
  public void load() {
    modelHit();
    embeddingHit();
  }

  @TearDown(Level.Trial)
  public void stop() {
    models.close();
  }

  @Benchmark
  public AutoCloseable modelHit() {
    try (ModelCache.Use<Model> use = models.acquire("bench", "model", Model::new, loaded -> 1)) {
      return use.model();
    }
  }

  @Benchmark
  public List<float[]> embeddingHit() {
    return embeddings.embed(zeros, TEXT);
  }

  @Benchmark
  public List<float[]> bareEmbedding() {
    return zeros.embed(TEXT);
  }
}
