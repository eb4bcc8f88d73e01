package dev.terrarium;

import dev.terrarium.internal.model.EmbeddingCache;
import java.util.List;
import java.util.Map;

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
    PoolStats pool,
    int nativeSlotsTaken,
    int nativeSlotLimit,
    Map<String, ModelStats> models,
    List<String> frameworks,
    Map<String, AdmissionStats> admission,
    Map<String, FrameworkResources> resources,
    ModelCacheStats modelCache,
    EmbeddingCache.Stats embeddings,
    Map<String, ResourceStats> pooled) {}
