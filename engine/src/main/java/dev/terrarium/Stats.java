package dev.terrarium;

import dev.terrarium.spi.ModelCache;
import dev.terrarium.spi.ResourcePool;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The figures of a Terrarium and of its process at one moment. Immutable.
 *
 * @param pool the contexts of this Terrarium
 * @param nativeSlotsTaken native slots that contexts of this process have, or may come to have
 * @param nativeSlotLimit number of native slots for the life of the process
 * @param models figures of the language models, by name
 * @param frameworks names of the registered frameworks, sorted
 * @param admission figures of the frameworks that were called, by name; empty where every admission
 *     rule is off
 * @param resources each framework's use of limited resources, by name
 * @param modelCache the loaded models of all frameworks
 * @param embeddings the cache of embedding vectors
 * @param answers the cache of language models' answers
 * @param pooled the tokenizers, connections and other resources, by kind
 */
public record Stats(
    Pool pool,
    int nativeSlotsTaken,
    int nativeSlotLimit,
    Map<String, Model> models,
    List<String> frameworks,
    Map<String, Admission> admission,
    Map<String, FrameworkUse> resources,
    LoadedModels modelCache,
    Embeddings embeddings,
    Answers answers,
    Map<String, Resource> pooled) {

  /**
   * The pool's figures at one moment. Immutable.
   *
   * @param starting contexts that are being made
   * @param pending callers that wait for a context
   * @param contexts the contexts of the pool, least recently used first
   * @param pendingByFramework callers that wait, by the framework that they need
   * @param made contexts made or taken over since the start
   * @param loads frameworks loaded since the start
   * @param restored contexts that were restored after a call broke something in them
   * @param recycled contexts that dropped all their frameworks
   * @param retired contexts that were retired
   */
  public record Pool(
      int starting,
      int pending,
      List<Context> contexts,
      Map<String, Integer> pendingByFramework,
      long made,
      long loads,
      long restored,
      long recycled,
      long retired) {

    /** Returns the number of contexts that exist or are being made. */
    public int total() {
      return starting + contexts.size();
    }

    /** Returns the number of contexts that have a lease or load a framework. */
    public int active() {
      return count(ContextState.IN_USE);
    }

    /** Returns the number of contexts that have a lease. */
    public int leased() {
      return (int)
          contexts.stream()
              .filter(each -> each.state() == ContextState.IN_USE && each.loading() == null)
              .count();
    }

    /** Returns the number of idle contexts. */
    public int idle() {
      return count(ContextState.FRESH) + count(ContextState.WARM);
    }

    /** Returns the number of contexts that are being checked, or whose work has not stopped yet. */
    public int suspect() {
      return count(ContextState.SUSPECT);
    }

    /** Returns the number of contexts whose thread is counted as lost. */
    public int abandoned() {
      return count(ContextState.ABANDONED);
    }

    /** Returns the number of contexts in a state. */
    public int count(ContextState state) {
      return (int) contexts.stream().filter(context -> context.state() == state).count();
    }

    /** Returns the number of contexts that have loaded the framework. */
    public int with(String framework) {
      return (int)
          contexts.stream().filter(context -> context.frameworks().contains(framework)).count();
    }

    /** Returns the heap that a framework takes in all contexts together. */
    public HeapUse heapOf(String framework) {
      return HeapUse.sum(
          contexts.stream()
              .map(context -> context.heap().get(framework))
              .filter(Objects::nonNull)
              .toList());
    }

    /** Returns the figures that explain why a caller had to wait. */
    @Override
    public String toString() {
      StringBuilder text =
          new StringBuilder(
              "total=%d, starting=%d, active=%d, idle=%d, pending=%d"
                  .formatted(total(), starting, active(), idle(), pending));
      if (suspect() + abandoned() > 0) {
        text.append(", suspect=%d, abandoned=%d".formatted(suspect(), abandoned()));
      }
      Map<String, String> frameworks = new TreeMap<>();
      for (Context context : contexts) {
        context.frameworks().forEach(name -> frameworks.put(name, figures(name)));
        if (context.loading() != null) {
          frameworks.put(context.loading(), figures(context.loading()));
        }
      }
      pendingByFramework.keySet().forEach(name -> frameworks.put(name, figures(name)));
      frameworks.forEach(
          (name, figures) -> text.append("; ").append(name).append(": ").append(figures));
      return text.toString();
    }

    private String figures(String framework) {
      long loading =
          contexts.stream().filter(context -> framework.equals(context.loading())).count();
      return "in %d contexts, loading in %d, pending %d"
          .formatted(with(framework), loading, pendingByFramework.getOrDefault(framework, 0));
    }
  }

  /**
   * One context at one moment. Immutable.
   *
   * @param name the name of the context and of its carrier thread
   * @param frameworks the loaded frameworks, least recently used first
   * @param loading the framework that the context is loading, or null
   * @param calls number of calls that the context has answered since it joined this pool
   * @param heap the heap that each of the frameworks takes
   */
  public record Context(
      String name,
      ContextState state,
      AccessProfile profile,
      List<String> frameworks,
      @Nullable String loading,
      long calls,
      Map<String, HeapUse> heap) {}

  /**
   * The state of a context. {@code docs/CONCURRENCY.md} draws the transitions; each transition is
   * made under the pool's lock, and no other transition is possible.
   */
  public enum ContextState {
    /** The context is idle and has no framework loaded. */
    FRESH,
    /** The context is idle and has at least one framework loaded. */
    WARM,
    /** The context has a lease, or is loading a framework. */
    IN_USE,
    /**
     * The context cannot be leased until it is known to be sound: it is being checked or restored,
     * or its work has not stopped yet.
     */
    SUSPECT,
    /** The context's work has not stopped for so long that its thread is counted as lost. */
    ABANDONED,
    /**
     * The context left the pool in a sound state; the next Terrarium of this process may take it
     * over.
     */
    PARKED,
    /** The context left the pool for good. */
    RETIRED
  }

  /**
   * The heap that a framework takes, in one context or in several together. Immutable.
   *
   * @param bytes the bytes that count: measured in the contexts where the runtime can measure,
   *     estimated in the others
   * @param measured whether all of {@code bytes} is measured; otherwise some of it is an estimate
   * @param estimate the bytes by estimate alone, whether or not they were measured
   */
  public record HeapUse(long bytes, boolean measured, long estimate) {

    /** The heap use of a framework that no context has loaded. */
    public static final HeapUse NONE = new HeapUse(0, false, 0);

    /** Returns the sum of heap uses. */
    public static HeapUse sum(Collection<HeapUse> uses) {
      return new HeapUse(
          uses.stream().mapToLong(HeapUse::bytes).sum(),
          !uses.isEmpty() && uses.stream().allMatch(HeapUse::measured),
          uses.stream().mapToLong(HeapUse::estimate).sum());
    }
  }

  /**
   * One framework's use of limited resources at one moment. Immutable.
   *
   * @param heap the heap that the framework takes in all contexts together, measured or estimated
   *     (docs/decisions/016)
   * @param modelBytes bytes of the loaded models that the framework's calls use or used
   * @param models number of those models; a model that two frameworks use counts for each
   * @param connections exclusive resources that the framework's calls hold, or held last
   * @param limits the framework's limits
   */
  public record FrameworkUse(
      HeapUse heap, long modelBytes, int models, int connections, ResourceLimits limits) {

    /** Returns the bytes that count toward the framework's memory limit. */
    public long memory() {
      return heap.bytes() + modelBytes;
    }
  }

  /**
   * The figures of admission to one framework at one moment. Immutable.
   *
   * @param breaker the state of the framework's circuit breaker
   * @param running calls that hold a place in the framework's bulkhead; 0 when it has no bulkhead
   * @param queued callers that wait for a place
   * @param rejected calls that were not admitted since the start: they were refused, or gave up
   *     waiting
   */
  public record Admission(BreakerState breaker, int running, int queued, long rejected) {

    /** The state of a circuit breaker. */
    public enum BreakerState {
      /** The framework has no circuit breaker. */
      OFF,
      /** The circuit breaker lets calls in. */
      CLOSED,
      /**
       * The circuit breaker refuses calls; after its time has passed, it stays open until the next
       * call comes.
       */
      OPEN,
      /** The circuit breaker lets trial calls in. */
      HALF_OPEN
    }
  }

  /**
   * The figures of a {@link ModelCache} at one moment. Immutable.
   *
   * @param models models that are loaded, or are being loaded
   * @param inUse models of these that a caller uses or waits for
   * @param bytes bytes of the loaded models, as their adapters weigh them
   * @param hits times that a requested model was loaded, or was being loaded for another caller
   * @param loads models loaded since the start
   * @param failures loads that failed, or whose model found no room
   * @param evictions models evicted since the start, by cause; a cause without evictions has no
   *     entry
   */
  public record LoadedModels(
      int models,
      int inUse,
      long bytes,
      long hits,
      long loads,
      long failures,
      Map<Cause, Long> evictions) {

    /** The cause of a model's eviction. */
    public enum Cause {
      /** The model made room for another. */
      SIZE,
      /** The model was loaded, or used, too long ago. */
      EXPIRED,
      /** The model was evicted by name, or the cache was closed. */
      EXPLICIT
    }

    /**
     * One framework's share of the model cache. Immutable.
     *
     * @param models models that the framework's calls loaded or used
     * @param bytes bytes of these models
     */
    public record Share(int models, long bytes) {}
  }

  /**
   * The figures of one language model since its Terrarium started. Immutable.
   *
   * @param loading time to load the model; zero when the model was given loaded
   * @param requests answered requests
   * @param promptTokens tokens read in all requests
   * @param completionTokens tokens written in all requests
   * @param busy the model's own time for all requests
   */
  public record Model(
      Duration loading, long requests, long promptTokens, long completionTokens, Duration busy) {

    /** Returns the sum of this model's figures and the other's. */
    public Model plus(Model other) {
      return new Model(
          loading.plus(other.loading),
          requests + other.requests,
          promptTokens + other.promptTokens,
          completionTokens + other.completionTokens,
          busy.plus(other.busy));
    }
  }

  /**
   * The figures of one kind of resource in a {@link ResourcePool} at one moment. Immutable.
   *
   * @param there resources that exist, in use or not, or are being made
   * @param inUse resources of these that a caller uses, makes or checks
   * @param hits times since the start that an existing resource was used again, or by one more
   *     caller
   * @param made resources made since the start
   * @param failed attempts to make a resource that failed since the start
   * @param closed resources closed since the start: unfit, expired, closed to make room for
   *     another, or closed with the pool
   */
  public record Resource(int there, int inUse, long hits, long made, long failed, long closed) {

    /** Returns the sum of both kinds' figures. */
    public Resource plus(Resource other) {
      return new Resource(
          there + other.there,
          inUse + other.inUse,
          hits + other.hits,
          made + other.made,
          failed + other.failed,
          closed + other.closed);
    }
  }

  /**
   * The figures of the cache of embedding vectors at one moment. Immutable.
   *
   * @param vectors vectors in the cache
   * @param bytes bytes of these vectors
   * @param hits vectors found in the cache since the start
   * @param misses vectors requested from the model since the start
   * @param evictions vectors evicted since the start
   */
  public record Embeddings(long vectors, long bytes, long hits, long misses, long evictions) {}

  /**
   * The figures of the cache of language models' answers at one moment. Immutable.
   *
   * @param answers answers in memory
   * @param bytes bytes of these answers
   * @param hits answers found in the cache since the start
   * @param fromFolder hits of these that were read from the cache's folder
   * @param misses answers requested from a model since the start
   * @param evictions answers evicted from memory since the start
   */
  public record Answers(
      long answers, long bytes, long hits, long fromFolder, long misses, long evictions) {

    /** The figures of no cache. */
    public static final Answers NONE = new Answers(0, 0, 0, 0, 0, 0);
  }
}
