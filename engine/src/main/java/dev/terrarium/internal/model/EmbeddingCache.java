package dev.terrarium.internal.model;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import com.github.benmanes.caffeine.cache.stats.CacheStats;
import dev.terrarium.Stats;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.config.ConfigCheck;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.resource.Sha256;
import dev.terrarium.model.EmbeddingModel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * A cache of embedding vectors, by embedding model and hash of the text. The cache is bounded by
 * bytes, where the least useful vectors are evicted first, and by age if configured. Thread-safe.
 * Only missing vectors are requested from a model, in one request for each batch, and once for all
 * callers that want the same vector at the same time; a request that failed is made again by the
 * next caller.
 */
public final class EmbeddingCache {

  private static final String NAME = "embeddings";

  /** The bytes of a key, its hash and the entry, in addition to the vector's numbers. */
  private static final int OVERHEAD_BYTES = 200;

  private final AsyncCache<Key, float[]> vectors;
  private final Events events;
  private final Executor requests;

  /**
   * The key of a vector.
   *
   * @param model the model's name
   * @param hash SHA-256 of the text; nobody reads from the buffer, so its position stays
   */
  private record Key(String model, ByteBuffer hash) {

    static Key of(String model, String text) {
      return new Key(
          model, ByteBuffer.wrap(Sha256.digest().digest(text.getBytes(StandardCharsets.UTF_8))));
    }

    @Override
    public String toString() {
      return model + ":" + Long.toHexString(hash.getLong(0));
    }
  }

  /**
   * Creates a cache.
   *
   * @param maxBytes maximum size of all vectors together, above zero
   * @param ttl how long a vector is kept after it was made, zero for ever
   * @throws ConfigurationException when a value is below its minimum
   */
  public EmbeddingCache(long maxBytes, Duration ttl, Events events) {
    this(
        maxBytes,
        ttl,
        events,
        Ticker.systemTicker(),
        Scheduler.systemScheduler(),
        ForkJoinPool.commonPool(),
        request -> Thread.ofPlatform().daemon().name("terrarium-embedding").start(request));
  }

  /**
   * Creates a cache with given executors.
   *
   * @param upkeep executor of the cache's upkeep, which is short and never waits
   * @param requests executor of requests to models, which may take long; native code would pin
   *     virtual threads
   */
  EmbeddingCache(
      long maxBytes,
      Duration ttl,
      Events events,
      Ticker ticker,
      Scheduler scheduler,
      Executor upkeep,
      Executor requests) {
    ConfigCheck.aboveZero("embeddingCache", maxBytes, " bytes");
    ConfigCheck.notBelowZero("embeddingTtl", ttl);
    this.events = events;
    this.requests = requests;
    Caffeine<Key, float[]> settings =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .<Key, float[]>weigher((key, vector) -> OVERHEAD_BYTES + vector.length * Float.BYTES)
            .executor(upkeep)
            .removalListener(this::removed)
            .recordStats();
    if (ttl.isPositive()) {
      settings.expireAfterWrite(ttl).ticker(ticker).scheduler(scheduler);
    }
    this.vectors = settings.buildAsync();
  }

  /** Reports an eviction, outside of the cache's locks, since observers may ask for its figures. */
  private void removed(@Nullable Key key, float @Nullable [] vector, RemovalCause cause) {
    if (cause.wasEvicted() && events.active()) {
      events.emit(new TerrariumEvent.CacheEvicted(NAME, String.valueOf(key), cause.name()));
    }
  }

  /**
   * Returns the vectors of texts, in their order, as copies that the caller may change.
   *
   * @throws ModelException when the model fails, or its answer does not fit the request
   * @throws CallInterruptedException when interrupted while waiting; the request goes on
   */
  public List<float[]> embed(EmbeddingModel model, List<String> texts) {
    List<Key> keys = new ArrayList<>();
    Map<Key, String> textOf = new LinkedHashMap<>();
    for (String text : texts) {
      Key key = Key.of(model.name(), text);
      keys.add(key);
      textOf.put(key, text);
    }
    Set<Key> asked = new HashSet<>();
    CompletableFuture<Map<Key, float[]>> found =
        vectors.getAll(
            textOf.keySet(),
            (missing, upkeep) -> {
              asked.addAll(missing);
              return CompletableFuture.supplyAsync(() -> request(model, textOf, asked), requests);
            });
    if (events.active()) {
      textOf.keySet().stream()
          .filter(key -> !asked.contains(key))
          .forEach(key -> events.emit(new TerrariumEvent.CacheHit(NAME, key.toString())));
    }
    Map<Key, float[]> all = await(found);
    return keys.stream().map(key -> vector(all, key)).toList();
  }

  private static float[] vector(Map<Key, float[]> all, Key key) {
    float[] vector = all.get(key);
    if (vector == null) {
      throw new IllegalStateException("no vector of " + key);
    }
    return vector.clone();
  }

  /** Requests the missing vectors from the model, in the order of the texts. */
  private Map<Key, float[]> request(
      EmbeddingModel model, Map<Key, String> textOf, Set<Key> missing) {
    List<Key> keys = textOf.keySet().stream().filter(missing::contains).toList();
    long begin = events.now();
    try {
      Map<Key, float[]> made = request(model, keys, keys.stream().map(textOf::get).toList());
      tellLoaded(keys, begin, null);
      return made;
    } catch (RuntimeException e) {
      tellLoaded(keys, begin, e.getClass().getSimpleName());
      throw e;
    }
  }

  private static Map<Key, float[]> request(
      EmbeddingModel model, List<Key> keys, List<String> texts) {
    List<float[]> vectors = model.embed(texts);
    if (vectors.size() != keys.size()) {
      throw new ModelException(
          "The embedding model "
              + model.name()
              + " made "
              + vectors.size()
              + " vectors of "
              + keys.size()
              + " texts.");
    }
    Map<Key, float[]> made = new HashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      float[] vector = vectors.get(i);
      if (vector.length != model.dimensions()) {
        throw new ModelException(
            "The embedding model "
                + model.name()
                + " made a vector of "
                + vector.length
                + " numbers, and says that it has "
                + model.dimensions()
                + " dimensions.");
      }
      made.put(keys.get(i), vector.clone());
    }
    return made;
  }

  private void tellLoaded(List<Key> keys, long begin, @Nullable String failure) {
    if (events.active()) {
      long nanos = events.since(begin);
      for (Key key : keys) {
        events.emit(new TerrariumEvent.CacheLoaded(NAME, key.toString(), nanos, failure));
      }
    }
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallInterruptedException("Interrupted while waiting for an embedding model.", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /**
   * Returns the figures since the start; {@code bytes} and {@code vectors} are those of this
   * moment.
   */
  public Stats.Embeddings stats() {
    CacheStats counted = vectors.synchronous().stats();
    long bytes = vectors.synchronous().policy().eviction().orElseThrow().weightedSize().orElse(0);
    return new Stats.Embeddings(
        vectors.synchronous().estimatedSize(),
        bytes,
        counted.hitCount(),
        counted.missCount(),
        counted.evictionCount());
  }
}
