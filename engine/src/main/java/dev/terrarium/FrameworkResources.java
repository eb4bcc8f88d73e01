package dev.terrarium;

import dev.terrarium.resource.ResourceLimits;

/**
 * What one framework has of what is limited, at one moment. Immutable.
 *
 * @param estimatedContextBytes what it takes of the heap in all contexts together; an estimate,
 *     from what its loads allocated (docs/decisions/012)
 * @param modelBytes of the loaded models that its calls use or used
 * @param models how many those are; one that two frameworks use counts for each
 * @param connections exclusive resources that its calls have, or had last
 * @param limits what it may have
 */
public record FrameworkResources(
    long estimatedContextBytes,
    long modelBytes,
    int models,
    int connections,
    ResourceLimits limits) {

  /** What counts toward its memory limit. */
  public long memory() {
    return estimatedContextBytes + modelBytes;
  }
}
