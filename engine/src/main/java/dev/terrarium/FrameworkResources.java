package dev.terrarium;


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
public record FrameworkResources(
    HeapUse heap, long modelBytes, int models, int connections, ResourceLimits limits) {

  /** What counts toward its memory limit, in bytes. */
  public long memory() {
    return heap.bytes() + modelBytes;
  }
}
