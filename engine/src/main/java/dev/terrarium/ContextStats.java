package dev.terrarium;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One context at one moment. Immutable.
 *
 * @param name also its carrier thread's
 * @param frameworks those it has, least recently used first
 * @param loading the framework that it is loading, null for none
 * @param calls how many it has answered since this pool has it
 * @param heap what each of the frameworks takes of it
 */
public record ContextStats(
    String name,
    ContextState state,
    AccessProfile profile,
    List<String> frameworks,
    @Nullable String loading,
    long calls,
    Map<String, HeapUse> heap) {}
