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
 * Figures of one moment. Immutable.
 *
 * @param pool the contexts of this Terrarium
 * @param nativeSlotsTaken native slots that contexts of this process have, or may come to have
 * @param nativeSlotLimit how many there are for the life of the process
 * @param models what the language models did, by name
 * @param frameworks the registered ones, sorted
 * @param admission to the frameworks that were called, by name; empty where all of it is off
 * @param resources what each framework has of what is limited
 * @param modelCache the loaded models of all
 * @param embeddings the vectors that are kept
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
    Map<String, Resource> pooled) {

  /**
   * The pool's figures at one moment. Immutable.
   *
   * @param starting contexts that are being made
   * @param pending callers that wait for one
   * @param contexts those of the pool, least recently used first
   * @param pendingByFramework callers that wait, by what they wait for
   * @param made contexts made or taken over since the start
   * @param loads frameworks loaded since the start
   * @param restored contexts that were broken and put back
   * @param recycled contexts that dropped all their frameworks
   * @param retired contexts given up for good
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

    /** Contexts that exist or are being made. */
    public int total() {
      return starting + contexts.size();
    }

    /** Contexts with a lease, or loading. */
    public int active() {
      return count(ContextState.IN_USE);
    }

    /** Contexts with a lease. */
    public int leased() {
      return (int)
          contexts.stream()
              .filter(each -> each.state() == ContextState.IN_USE && each.loading() == null)
              .count();
    }

    /** Contexts that wait to be borrowed. */
    public int idle() {
      return count(ContextState.FRESH) + count(ContextState.WARM);
    }

    /** Contexts that are being checked, or whose work has not stopped yet. */
    public int suspect() {
      return count(ContextState.SUSPECT);
    }

    /** Contexts whose thread is counted as lost. */
    public int abandoned() {
      return count(ContextState.ABANDONED);
    }

    /** Contexts in a state. */
    public int count(ContextState state) {
      return (int) contexts.stream().filter(context -> context.state() == state).count();
    }

    /** Contexts that have the framework. */
    public int with(String framework) {
      return (int)
          contexts.stream().filter(context -> context.frameworks().contains(framework)).count();
    }

    /** What a framework takes of the heap, in all contexts together. */
    public HeapUse heapOf(String framework) {
      return HeapUse.sum(
          contexts.stream()
              .map(context -> context.heap().get(framework))
              .filter(Objects::nonNull)
              .toList());
    }

    /** The figures that explain why a caller had to wait. */
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
   * @param name also its carrier thread's
   * @param frameworks those it has, least recently used first
   * @param loading the framework that it is loading, null for none
   * @param calls how many it has answered since this pool has it
   * @param heap what each of the frameworks takes of it
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
   * Where a context is in its life. {@code docs/CONCURRENCY.md} draws it; each step is taken under
   * the pool's lock and no other step is possible.
   */
  public enum ContextState {
    /** Idle, and no framework is loaded. */
    FRESH,
    /** Idle, with one framework or several. */
    WARM,
    /** With a lease, or loading a framework. */
    IN_USE,
    /** Nobody's until it is known to be sound: being checked or put back, or not stopped yet. */
    SUSPECT,
    /** Its work has not stopped for so long that its thread is counted as lost. */
    ABANDONED,
    /** Out of the pool, sound: the next start in this process may take it. */
    PARKED,
    /** Out of the pool for good. */
    RETIRED
  }

  /**
   * What a framework takes of the heap, in one context or in several together. Immutable.
   *
   * @param bytes what counts: measured in the contexts where the runtime could, else by estimate
   * @param measured whether all of {@code bytes} is measured; if not, some of it is an estimate
   * @param estimate what it takes by estimate alone, whether it was measured or not
   */
  public record HeapUse(long bytes, boolean measured, long estimate) {

    /** Of a framework that is loaded nowhere. */
    public static final HeapUse NONE = new HeapUse(0, false, 0);

    /** What those take together. */
    public static HeapUse sum(Collection<HeapUse> uses) {
      return new HeapUse(
          uses.stream().mapToLong(HeapUse::bytes).sum(),
          !uses.isEmpty() && uses.stream().allMatch(HeapUse::measured),
          uses.stream().mapToLong(HeapUse::estimate).sum());
    }
  }

  /**
   * What one framework has of what is limited, at one moment. Immutable.
   *
   * @param heap what it takes in all contexts together, and whether that is measured or an estimate
   *     (docs/decisions/016)
   * @param modelBytes of the loaded models that its calls use or used
   * @param models how many those are; one that two frameworks use counts for each
   * @param connections exclusive resources that its calls have, or had last
   * @param limits what it may have
   */
  public record FrameworkUse(
      HeapUse heap, long modelBytes, int models, int connections, ResourceLimits limits) {

    /** What counts toward its memory limit, in bytes. */
    public long memory() {
      return heap.bytes() + modelBytes;
    }
  }

  /**
   * What admission to one framework looks like at one moment. Immutable.
   *
   * @param breaker its circuit breaker's state
   * @param running calls that hold a place in its bulkhead; 0 when it has none
   * @param queued callers that wait for one
   * @param rejected calls that were not let in since the start: refused, or gave up waiting
   */
  public record Admission(BreakerState breaker, int running, int queued, long rejected) {

    /** What a circuit breaker does. */
    public enum BreakerState {
      /** There is none. */
      OFF,
      /** It lets calls in. */
      CLOSED,
      /** It refuses calls; after its time it stays so until the next one comes. */
      OPEN,
      /** It lets trial calls in. */
      HALF_OPEN
    }
  }

  /**
   * A {@link ModelCache}'s figures at one moment. Immutable.
   *
   * @param models loaded, or being loaded
   * @param inUse of them, those that somebody uses or waits for
   * @param bytes of the loaded ones, as their adapters weigh them
   * @param hits times that a model was there, or was being loaded for somebody else
   * @param loads models loaded since the start
   * @param failures loads that failed, or whose model had no place
   * @param evictions models dropped since the start, by cause; a cause that was not has no entry
   */
  public record LoadedModels(
      int models,
      int inUse,
      long bytes,
      long hits,
      long loads,
      long failures,
      Map<Cause, Long> evictions) {

    /** Why a model was dropped. */
    public enum Cause {
      /** To make room for another. */
      SIZE,
      /** It was loaded, or used, too long ago. */
      EXPIRED,
      /** It was evicted by name, or the cache was closed. */
      EXPLICIT
    }

    /**
     * What one framework has of the cache. Immutable.
     *
     * @param models those that its calls loaded or used
     * @param bytes of them
     */
    public record Share(int models, long bytes) {}
  }

  /**
   * What one language model did since its Terrarium started. Immutable.
   *
   * @param loading time to load it; zero when it was given loaded
   * @param requests answered requests
   * @param promptTokens read in all of them
   * @param completionTokens written in all of them
   * @param busy the model's own time for all of them
   */
  public record Model(
      Duration loading, long requests, long promptTokens, long completionTokens, Duration busy) {

    /** Returns the sum of both. */
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
   * Figures of one kind of resource in a {@link ResourcePool} at one moment. Immutable.
   *
   * @param there those that there are, in use or not, or being made
   * @param inUse of them, those that somebody uses, makes or checks
   * @param hits times that one was used again, or by one more, since the start
   * @param made since the start
   * @param failed attempts to make one since the start
   * @param closed since the start: unfit, too old, in another's way, or with the pool
   */
  public record Resource(int there, int inUse, long hits, long made, long failed, long closed) {

    /** Returns the sum of both. */
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
   * The cache of embedding vectors at one moment. Immutable.
   *
   * @param vectors kept now
   * @param bytes of them
   * @param hits vectors found since the start
   * @param misses vectors that the model was asked for since the start
   * @param evictions vectors dropped since the start
   */
  public record Embeddings(long vectors, long bytes, long hits, long misses, long evictions) {}
}
