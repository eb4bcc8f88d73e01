package dev.terrarium;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

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
public record PoolStats(
    int starting,
    int pending,
    List<ContextStats> contexts,
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
    for (ContextStats context : contexts) {
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
    long loading = contexts.stream().filter(context -> framework.equals(context.loading())).count();
    return "in %d contexts, loading in %d, pending %d"
        .formatted(with(framework), loading, pendingByFramework.getOrDefault(framework, 0));
  }
}
