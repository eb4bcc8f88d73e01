package dev.terrarium.internal.pool;

import dev.terrarium.Stats;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.Stats.HeapUse;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.PackageSet;
import dev.terrarium.internal.context.PythonContext;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A context of a pool, with what the pool knows of it. Guarded by the pool's lock, except for
 * volatile fields.
 */
final class PooledContext {

  /** The share of a limit by which contexts differ, so that they are not all recycled at once. */
  private static final double JITTER = 0.1;

  final PythonContext context;

  /** Frameworks that were loaded or attached here, least recently used first. */
  final Map<String, BridgeSource> frameworks = new LinkedHashMap<>(16, 0.75f, true);

  /** The framework that is being loaded. */
  @Nullable String preparing;

  /** Whether work was to stop and did not: the context does not count as serving. */
  boolean stuck;

  /** The borrower that has the context. */
  @Nullable Waiter borrower;

  /** The time when the last borrower released the context, or when it was made. */
  long usedAt;

  /** The work that runs in the context, for as long as it may have to be stopped. */
  volatile @Nullable Execution<?> running;

  private @Nullable String lastUser;
  private ContextState state = ContextState.FRESH;
  private final double jitter;
  private long calls;
  private long recycledAt;
  private long recycledAtCalls;

  /**
   * Creates the record of a context that was just made.
   *
   * @param random 0 to 1, for its jitter
   */
  PooledContext(PythonContext context, long now, double random) {
    this.context = context;
    this.jitter = 1 - JITTER * random;
    this.recycledAt = now;
    this.usedAt = now;
  }

  String name() {
    return context.name();
  }

  ContextState state() {
    return state;
  }

  /** Returns the states that may follow a state; {@code docs/CONCURRENCY.md} draws them. */
  static Set<ContextState> next(ContextState state) {
    return switch (state) {
      case FRESH, WARM -> EnumSet.of(ContextState.IN_USE, ContextState.PARKED);
      case IN_USE -> EnumSet.complementOf(EnumSet.of(ContextState.IN_USE, ContextState.ABANDONED));
      case SUSPECT -> EnumSet.complementOf(EnumSet.of(ContextState.SUSPECT));
      case ABANDONED -> EnumSet.of(ContextState.SUSPECT);
      case PARKED, RETIRED -> EnumSet.noneOf(ContextState.class);
    };
  }

  /**
   * Changes the state.
   *
   * @throws IllegalStateException when its life has no such step
   */
  void to(ContextState next) {
    if (!next(state).contains(next)) {
      throw new IllegalStateException(name() + " cannot go from " + state + " to " + next);
    }
    state = next;
  }

  /** Changes the state, unless it is the given one already. */
  void become(ContextState next) {
    if (state != next) {
      to(next);
    }
  }

  /** Changes the state to that of an idle context; a new context is fresh from the start. */
  void toIdle() {
    become(isBare() ? ContextState.FRESH : ContextState.WARM);
  }

  boolean isReadyFor(Waiter waiter) {
    return context.isReady(waiter.name(), waiter.command);
  }

  /** Returns whether the waiter's framework can ever run here, by its access and its packages. */
  boolean fits(Waiter waiter) {
    PackageSet present = context.packageSet();
    return context.profile() == waiter.profile()
        && (present == null || present.equals(waiter.framework.packageSet()));
  }

  /** Returns whether no framework is loaded; bridges alone, which are small, do not count. */
  boolean isBare() {
    return frameworks.keySet().stream().noneMatch(name -> context.isReady(name, null));
  }

  /** Returns whether the framework is loaded and stays so. */
  boolean has(String framework) {
    return !stuck && frameworks.containsKey(framework) && context.isReady(framework, null);
  }

  /**
   * Returns whether the context has what the waiter wants and is to keep it, or is about to have
   * it.
   */
  boolean promises(Waiter waiter) {
    return !stuck
        && (waiter.name().equals(preparing)
            || (frameworks.containsKey(waiter.name()) && isReadyFor(waiter)));
  }

  void used(BridgeSource framework) {
    frameworks.put(framework.name(), framework);
  }

  /**
   * Records the framework of the waiter that gets the context, and returns the framework that it
   * served before.
   */
  @Nullable String lendTo(Waiter waiter) {
    String before = lastUser;
    lastUser = waiter.name();
    return before;
  }

  /** Counts a call. */
  void called() {
    calls++;
  }

  long calls() {
    return calls;
  }

  boolean isCheckDue(int every) {
    return calls % every == 0;
  }

  boolean isRecyclingDue(PoolSettings settings, long now) {
    long byCalls = settings.recycleAfterCalls();
    long byAge = TimeUnit.NANOSECONDS.convert(settings.recycleAfter());
    return (byCalls > 0 && calls - recycledAtCalls >= byCalls * jitter)
        || (byAge > 0 && now - recycledAt >= byAge * jitter);
  }

  void recycled(long now) {
    frameworks.clear();
    lastUser = null;
    recycledAt = now;
    recycledAtCalls = calls;
  }

  /**
   * Returns the frameworks to drop before another one is loaded: those that do not share a context,
   * and, when the heap has no room, the least recently used one of those that are loaded.
   */
  List<String> toDropFor(BridgeSource framework, boolean room) {
    List<String> drop = new ArrayList<>();
    for (BridgeSource other : frameworks.values()) {
      boolean beside = framework.sharesContext() && other.sharesContext();
      boolean frees = !room && drop.isEmpty() && context.isReady(other.name(), null);
      if (!other.name().equals(framework.name()) && (!beside || frees)) {
        drop.add(other.name());
      }
    }
    return drop;
  }

  Stats.Context stats() {
    Map<String, HeapUse> heap = new HashMap<>();
    frameworks.keySet().forEach(framework -> heap.put(framework, context.heapOf(framework)));
    return new Stats.Context(
        name(),
        state,
        context.profile(),
        List.copyOf(frameworks.keySet()),
        preparing,
        calls,
        Map.copyOf(heap));
  }
}
